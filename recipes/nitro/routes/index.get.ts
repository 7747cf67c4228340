import { defineHandler, html } from 'nitro/h3'

export default defineHandler(({ context: { session } }) => {
  const { user, cart = {} } = session.data
  if (!user) {
    return html`<form method="post" action="/login">
      <input name="name" /><button>Log in</button>
    </form>`
  }
  return html`
    <h1>Hello ${escape(user.name)}</h1>
    <p>${escape(Object.keys(cart).join(', '))}</p>
    <form method="post" action="/add"><input name="item" /><button>Add</button></form>
    <form method="post" action="/logout"><button>Log out</button></form>
  `
})

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
}
