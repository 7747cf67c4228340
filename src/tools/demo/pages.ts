import { html, type Content, type Html } from './html.ts'
import { EMPTY_CASE, MARK, pictureOf, TICK } from './pictures.ts'
import { piecesIn, PRODUCTS, RACERS, totalOf, type Product, type Visit } from './shop.ts'

/** The pages of the shop, by path. */
export const PAGES = { '/': shop, '/cart': cart, '/login': login, '/account': account } as const

/** The path of a page. */
export type PagePath = keyof typeof PAGES

/** A message that is shown once. */
export interface Notice {
  readonly text: string
  readonly tone: 'good' | 'bad'
}

/** The parts of a page that follow the session, each to be replaced alone. */
export interface Regions {
  readonly banner: string
  readonly header: string
  readonly main: string
}

const EURO = new Intl.NumberFormat('en-IE', { style: 'currency', currency: 'EUR' })

const STEPS: readonly { readonly name: string; readonly label: Content }[] = [
  { name: 'add', label: 'Add to the cart' },
  { name: 'login', label: 'Log in' },
  { name: 'read', label: html`<a href="#file">Read the file</a>` },
  { name: 'admin', label: html`Make yourself admin: edit <code>user.role</code>` },
  { name: 'race', label: 'Race' },
  { name: 'logout', label: 'Log out: the file is gone' },
]

/** @returns whether there is such a page */
export function isPage(path: unknown): path is PagePath {
  return typeof path === 'string' && Object.hasOwn(PAGES, path)
}

/** Draws what follows the session. */
export function regionsOf(page: PagePath, visit: Visit): Regions {
  return {
    banner: banner(visit).html,
    header: header(page, visit).html,
    main: PAGES[page](visit).html,
  }
}

/** Draws a whole page; the file beside the shop fills itself from the stream. */
export function document(page: PagePath, visit: Visit, notice: Notice | null): string {
  const regions = regionsOf(page, visit)
  const mark = encodeURIComponent(ICON)
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Cabinet · a shop on Vitrine</title>
<link rel="icon" href="data:image/svg+xml,${mark}">
<link rel="stylesheet" href="/assets/tokens.css">
<link rel="stylesheet" href="/assets/shop.css">
<link rel="stylesheet" href="/assets/file.css">
<script type="module" src="/assets/app.js"></script>
</head>
<body>
<a class="skip" href="#file">Skip to the session file</a>
<div class="panes">
<div class="shop">
<div data-region="banner">${{ html: regions.banner }}</div>
<header data-region="header">${{ html: regions.header }}</header>
<div data-region="notice" role="status">${notice && noticeBox(notice)}</div>
<main data-region="main">${{ html: regions.main }}</main>
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

function banner({ user }: Visit): Html | { html: '' } {
  if (user?.role !== 'admin') return { html: '' }
  return html`<p class="admin"><strong>Admin</strong> The file says so, and the shop believes it. You see what is in stock.</p>`
}

function header(page: PagePath, visit: Visit): Html {
  const { user } = visit
  const current = (path: PagePath) => (path === page ? html` aria-current="page"` : '')
  const pieces = piecesIn(visit)
  return html`<a class="brand" href="/">Cabinet</a>
<nav aria-label="Shop"><a href="/"${current('/')}>Shop</a><a href="/account"${current('/account')}>Account</a></nav>
<div class="visitor">
${
  user
    ? html`<span class="name" title="${user.name}">${user.name}</span>${button('/logout', 'Log out', 'plain')}`
    : html`<a class="login" href="/login"${current('/login')}>Log in</a>`
}
<a class="cart-link" href="/cart"${current('/cart')}>Cart <span class="count">${pieces}<span class="hidden"> pieces</span></span></a>
</div>`
}

function shop(visit: Visit): Html {
  const isAdmin = visit.user?.role === 'admin'
  return html`<h1>Things to keep things in</h1>
<ul class="products">${PRODUCTS.map((product) => card(product, isAdmin))}</ul>
${race(visit)}`
}

function card({ sku, title, price, stock }: Product, isAdmin: boolean): Html {
  return html`<li class="card">
${pictureOf(sku)}
<div class="about"><h2>${title}</h2><p>${EURO.format(price)}${isAdmin && html` <span class="stock">${stock} in stock</span>`}</p></div>
${button('/cart/add', html`Add to cart<span class="hidden">: ${title}</span>`, 'quiet', sku)}
</li>`
}

function race({ arrived }: Visit): Html {
  const isOver = arrived !== null && arrived >= RACERS
  return html`<section class="race" aria-labelledby="race-title">
<div>
<h2 id="race-title">${arrived === null ? 'Twenty at once, one session' : `${arrived} of ${RACERS} arrived`}</h2>
<p>${
    isOver
      ? 'Each had read the session before the first one wrote. Where the last write wins, 1 would be left.'
      : 'Sends 20 changes at the same moment. Watch all 20 arrive.'
  }</p>
${arrived !== null && dots(arrived)}
</div>
${button('/race', arrived === null ? 'Race' : 'Race again', 'strong')}
</section>`
}

function dots(arrived: number): Html {
  const dot = (_: unknown, at: number) => html`<i${at < arrived ? html` class="in"` : ''}></i>`
  return html`<div class="dots" aria-hidden="true">${Array.from({ length: RACERS }, dot)}</div>`
}

function cart(visit: Visit): Html {
  if (visit.cart.length === 0) {
    return html`<h1>Your cart</h1>
<div class="nothing"><p>Nothing in it yet, so there is nothing to remember.</p><a class="button quiet" href="/">Back to the shop</a></div>`
  }
  const lines = visit.cart.map(
    ({ product: { sku, title, price }, quantity }) => html`<li>
${pictureOf(sku)}
<div class="about"><h2>${title}</h2><p>${quantity} × ${EURO.format(price)}</p></div>
<p class="sum">${EURO.format(price * quantity)}</p>
${button('/cart/remove', html`Remove<span class="hidden">: ${title}</span>`, 'plain', sku)}
</li>`,
  )
  return html`<h1>Your cart</h1>
<ul class="lines">${lines}</ul>
<p class="total"><span>Total</span><strong>${EURO.format(totalOf(visit))}</strong></p>
<p class="aside">The shop takes no money. Change a number in the file, and look here.</p>`
}

function login({ user }: Visit): Html {
  if (user) return html`<h1>You are logged in</h1><p class="aside">As ${user.name}.</p>`
  return html`<h1>Log in</h1>
<form class="login-form" method="post" action="/login">
<label for="name">Your name</label>
<input id="name" name="name" value="Ada" maxlength="40" autocomplete="off" spellcheck="false" required>
<button class="button strong">Log in</button>
<p class="aside">No password: this is a demo. Your session gets a new id, as it should at every log-in, and keeps what it holds.</p>
</form>`
}

function account(visit: Visit): Html {
  const { user } = visit
  if (!user) {
    return html`<h1>Account</h1>
<div class="nothing"><p>Nobody is logged in.</p><a class="button quiet" href="/login">Log in</a></div>`
  }
  const since = Date.parse(user.since)
  return html`<h1>${user.name}</h1>
<dl class="account">
<dt>Role</dt><dd>${user.role}</dd>
<dt>Logged in</dt><dd>${Number.isNaN(since) ? 'some time ago' : `${new Date(since).toISOString().slice(11, 16)} UTC`}</dd>
<dt>In the cart</dt><dd>${piecesIn(visit)}</dd>
</dl>
${button('/logout', 'Log out', 'quiet')}
<p class="aside">Logging out removes the file. There is no other place where it could live on.</p>`
}

function button(action: string, label: Content, look: string, sku?: string): Html {
  return html`<form method="post" action="${action}">${sku !== undefined && html`<input type="hidden" name="sku" value="${sku}">`}<button class="button ${look}">${label}</button></form>`
}

function filePanel(): Html {
  return html`<aside class="file" id="file" aria-labelledby="file-title" tabindex="-1">
<header class="file-bar">${MARK}<h2 id="file-title">Vitrine</h2><p>your session, as it is on disk</p><p class="live" id="live"><i></i><span>Connecting</span></p></header>
<div class="file-head" id="file-head" hidden>
<p class="path"><code><span id="file-dir"></span><wbr><strong id="file-name"></strong></code><button class="copy" id="copy">Copy path</button><span class="badge" id="new-id" hidden>new id</span></p>
<dl class="facts"><div><dt>Last change</dt><dd id="changed"></dd></div><div><dt>Expires in</dt><dd id="expires"></dd></div><div><dt>Revision</dt><dd id="revision"></dd></div><div><dt>Size</dt><dd id="size"></dd></div></dl>
</div>
<div class="lines-box" id="lines-box" tabindex="0" role="group" aria-label="The file, line by line; arrow keys explain a line" hidden><pre><code id="lines"></code></pre></div>
<div class="no-file" id="no-file">${EMPTY_CASE}<p class="what" id="no-file-what">no file yet</p><p id="no-file-why">Nothing is stored until the session holds something.</p></div>
<footer class="file-note"><p id="note">Open the file in your editor, change something, save: the shop follows.</p></footer>
<p class="hidden" id="spoken" role="status"></p>
<noscript><p class="no-script">The shop works without JavaScript; the live view of the file does not.</p></noscript>
</aside>`
}

function steps(): Html {
  const items = STEPS.map(
    ({ name, label }) =>
      html`<li data-step="${name}"><i aria-hidden="true"></i><span>${label}<span class="hidden state"></span></span></li>`,
  )
  return html`<nav class="steps" id="steps" aria-label="What to try"><p>60 seconds</p><ol>${items}</ol><button id="skip" hidden>Skip</button></nav>`
}

const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#0a7480" stroke-width="2" stroke-linejoin="round"><path d="M3.5 4.5h17v11.5h-17zM6 16v4.5M18 16v4.5M3.5 20.5h17"/></svg>'
