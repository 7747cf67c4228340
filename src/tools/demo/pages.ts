import { html, type Content, type Html } from './html.ts'
import { pictureOf } from './pictures.ts'
import { piecesIn, PRODUCTS, RACERS, totalOf, type Product, type Visit } from './shop.ts'

/** The pages of the shop, by path. */
export const PAGES: Readonly<Record<PagePath, (visit: Visit) => Html>> = {
  '/': shop,
  '/cart': cart,
  '/login': login,
  '/account': account,
}

/** The path of a page. */
export type PagePath = '/' | '/cart' | '/login' | '/account'

/** The parts of a page that follow the session, each to be replaced alone. */
export interface Regions {
  readonly banner: string
  readonly header: string
  readonly main: string
}

const EURO = new Intl.NumberFormat('en-IE', { style: 'currency', currency: 'EUR' })

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

function banner({ user }: Visit): Html {
  if (user?.role !== 'admin') return html``
  return html`<p class="admin">
    <strong>Admin</strong> The file says so, and the shop believes it. You see how many are left.
  </p>`
}

function header(page: PagePath, visit: Visit): Html {
  const { user } = visit
  const current = (path: PagePath) => (path === page ? html` aria-current="page"` : '')
  const pieces = piecesIn(visit)
  return html`<a class="brand" href="/">Cabinet</a>
    <nav aria-label="Shop">
      <a href="/" ${current('/')}>Shop</a><a href="/account" ${current('/account')}>Account</a>
    </nav>
    <div class="visitor">
      ${
        user
          ? html`<span class="name" title="${user.name}">${user.name}</span
              >${button('/logout', 'Log out', 'plain')}`
          : html`<a class="login" href="/login" ${current('/login')}>Log in</a>`
      }
      <a class="cart-link" href="/cart" ${current('/cart')}
        >Cart
        <span class="count"
          >${pieces}<span class="hidden"> ${pieces === 1 ? 'piece' : 'pieces'}</span></span
        ></a
      >
    </div>`
}

function shop(visit: Visit): Html {
  const isAdmin = visit.user?.role === 'admin'
  return html`<h1>Things to keep things in</h1>
    <ul class="products">
      ${PRODUCTS.map((product) => card(product, isAdmin))}
    </ul>
    ${race(visit)}`
}

function card({ sku, title, price, stock }: Product, isAdmin: boolean): Html {
  return html`<li class="card">
    ${pictureOf(sku)}
    <div class="about">
      <h2>${title}</h2>
      <p>${EURO.format(price)}</p>
      ${isAdmin && html`<p class="stock">${stock} left</p>`}
    </div>
    ${button('/cart/add', html`Add to cart <span class="hidden">${title}</span>`, 'quiet', sku)}
  </li>`
}

function race({ arrived }: Visit): Html {
  const isOver = arrived !== null && arrived >= RACERS
  return html`<section class="race" aria-labelledby="race-title">
    <div>
      <h2 id="race-title">
        ${arrived === null ? 'Twenty at once, one session' : `${arrived} of ${RACERS} arrived`}
      </h2>
      <p>
        ${
          isOver
            ? 'Each had read the session before the first one wrote. Where the last write wins, 1 would be left.'
            : 'Sends 20 changes at the same moment. Watch all 20 arrive.'
        }
      </p>
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
      <div class="nothing">
        <p>Nothing in it yet, so there is nothing to remember.</p>
        <a class="button quiet" href="/">Back to the shop</a>
      </div>`
  }
  const lines = visit.cart.map(
    ({ product: { sku, title, price }, quantity }) =>
      html`<li>
        ${pictureOf(sku)}
        <div class="about">
          <h2>${title}</h2>
          <p>${quantity} × ${EURO.format(price)}</p>
        </div>
        <p class="sum">${EURO.format(price * quantity)}</p>
        ${button('/cart/remove', html`Remove <span class="hidden">${title}</span>`, 'plain', sku)}
      </li>`,
  )
  return html`<h1>Your cart</h1>
    <ul class="lines">
      ${lines}
    </ul>
    <p class="total"><span>Total</span><strong>${EURO.format(totalOf(visit))}</strong></p>
    <p class="aside">The shop takes no money. Change a number in the file, and look here.</p>`
}

function login({ user }: Visit): Html {
  if (user)
    return html`<h1>You are logged in</h1>
      <p class="aside">As ${user.name}.</p>`
  return html`<h1>Log in</h1>
    <form class="login-form" method="post" action="/login">
      <label for="name">Your name</label>
      <input
        id="name"
        name="name"
        value="Ada"
        maxlength="40"
        autocomplete="off"
        spellcheck="false"
        required
      />
      <button class="button strong">Log in</button>
      <p class="aside">
        No password: this is a demo. Your session gets a new id, as it should at every log-in, and
        keeps what it holds.
      </p>
    </form>`
}

function account(visit: Visit): Html {
  const { user } = visit
  if (!user) {
    return html`<h1>Account</h1>
      <div class="nothing">
        <p>Nobody is logged in.</p>
        <a class="button quiet" href="/login">Log in</a>
      </div>`
  }
  const since = Date.parse(user.since)
  return html`<h1>${user.name}</h1>
    <dl class="account">
      <dt>Role</dt>
      <dd>${user.role}</dd>
      <dt>Logged in</dt>
      <dd>
        ${Number.isNaN(since) ? 'some time ago' : `${new Date(since).toISOString().slice(11, 16)} UTC`}
      </dd>
      <dt>In the cart</dt>
      <dd>${piecesIn(visit)}</dd>
    </dl>
    ${button('/logout', 'Log out', 'quiet')}
    <p class="aside">
      Logging out removes the file. There is no other place where it could live on.
    </p>`
}

function button(action: string, label: Content, look: string, sku?: string): Html {
  return html`<form method="post" action="${action}">
    ${sku !== undefined && html`<input type="hidden" name="sku" value="${sku}" />`}<button
      class="button ${look}"
    >
      ${label}
    </button>
  </form>`
}
