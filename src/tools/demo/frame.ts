import { html, type Content, type Html } from './html.ts'
import { regionsOf, type PagePath } from './pages.ts'
import { EMPTY_CASE, MARK, TICK } from './pictures.ts'
import type { Visit } from './shop.ts'

/** A message that is shown once. */
export interface Notice {
  readonly text: string
  readonly tone: 'good' | 'bad'
}

const STEPS: readonly { readonly name: string; readonly label: Content }[] = [
  { name: 'add', label: 'Add to the cart' },
  { name: 'login', label: 'Log in' },
  { name: 'read', label: html`<a href="#file">Read the file</a>` },
  { name: 'admin', label: html`Make yourself admin: edit <code>user.role</code>` },
  { name: 'race', label: 'Race' },
  { name: 'logout', label: 'Log out: the file is gone' },
]

/** Draws a whole page; the file beside the shop fills itself from the stream. */
export function document(page: PagePath, visit: Visit, notice: Notice | null): string {
  const regions = regionsOf(page, visit)
  const mark = encodeURIComponent(ICON)
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>Cabinet · a shop on Vitrine</title>
        <link rel="icon" href="data:image/svg+xml,${mark}" />
        <link rel="stylesheet" href="/assets/tokens.css" />
        <link rel="stylesheet" href="/assets/shop.css" />
        <link rel="stylesheet" href="/assets/file.css" />
        <script type="module" src="/assets/app.js"></script>
      </head>
      <body>
        <a class="skip" href="#file">Skip to the session file</a>
        <div class="panes">
          <div class="shop">
            <div data-region="banner">${{ html: regions.banner }}</div>
            <header data-region="header">${{ html: regions.header }}</header>
            <div data-region="notice" role="status">${notice && noticeBox(notice)}</div>
            <main data-region="main" tabindex="-1">${{ html: regions.main }}</main>
          </div>
          ${filePanel()}
        </div>
        ${steps()}
      </body>
    </html>`.html
}

function noticeBox({ text, tone }: Notice): Html {
  return html`<p class="notice ${tone}">${tone === 'good' && TICK}${text}</p>`
}

function filePanel(): Html {
  return html`<aside class="file" id="file" aria-labelledby="file-title" tabindex="-1">
    <header class="file-bar">
      ${MARK}
      <h2 id="file-title">Vitrine</h2>
      <p>your session, as it is on disk</p>
      <p class="live" id="live"><i></i><span>Connecting</span></p>
    </header>
    <div class="file-head" id="file-head" hidden>
      <p class="path">
        <code><span id="file-dir"></span><wbr /><strong id="file-name"></strong></code
        ><button class="copy" id="copy">Copy path</button
        ><span class="badge" id="new-id" hidden>new id</span>
      </p>
      <dl class="facts">
        <div>
          <dt>Last change</dt>
          <dd id="changed"></dd>
        </div>
        <div>
          <dt>Expires in</dt>
          <dd id="expires"></dd>
        </div>
        <div>
          <dt>Revision</dt>
          <dd id="revision"></dd>
        </div>
        <div>
          <dt>Size</dt>
          <dd id="size"></dd>
        </div>
      </dl>
    </div>
    <div
      class="lines-box"
      id="lines-box"
      tabindex="0"
      role="group"
      aria-label="The file, line by line; arrow keys explain a line"
      hidden
    >
      <pre><code id="lines"></code></pre>
    </div>
    <div class="no-file" id="no-file">
      ${EMPTY_CASE}
      <p class="what" id="no-file-what">no file yet</p>
      <p id="no-file-why">Nothing is stored until the session holds something.</p>
    </div>
    <footer class="file-note">
      <p id="note"></p>
    </footer>
    <p class="hidden" id="spoken" role="status"></p>
    <noscript
      ><p class="no-script">
        The shop works without JavaScript; the live view of the file does not.
      </p></noscript
    >
  </aside>`
}

function steps(): Html {
  const items = STEPS.map(
    ({ name, label }) =>
      html`<li data-step="${name}">
        <i aria-hidden="true"></i><span>${label}<span class="hidden state"></span></span>
      </li>`,
  )
  return html`<nav class="steps" id="steps" aria-label="What to try">
    <p>60 seconds</p>
    <ol>
      ${items}
    </ol>
    <button id="skip" hidden>Skip</button>
  </nav>`
}

const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#0a7480" stroke-width="2" stroke-linejoin="round"><path d="M3.5 4.5h17v11.5h-17zM6 16v4.5M18 16v4.5M3.5 20.5h17"/></svg>'
