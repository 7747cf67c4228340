import { Form, redirect } from 'react-router'
import type { Route } from './+types/home'
import { sessionContext } from './session.server'

export function loader({ context }: Route.LoaderArgs) {
  const { user, cart = {} } = context.get(sessionContext).data
  return { name: user?.name, items: Object.keys(cart) }
}

export async function action({ context, request }: Route.ActionArgs) {
  const session = context.get(sessionContext)
  const form = await request.formData()
  switch (form.get('do')) {
    case 'log in':
      session.renew()
      session.data.user = { name: String(form.get('name')) }
      break
    case 'add':
      session.data.cart = { ...session.data.cart, [String(form.get('item'))]: 1 }
      break
    case 'log out':
      session.destroy()
  }
  return redirect('/', 303)
}

export default function Home({ loaderData: { name, items } }: Route.ComponentProps) {
  if (name === undefined) {
    return (
      <Form method="post">
        <input name="name" />
        <button name="do" value="log in">
          Log in
        </button>
      </Form>
    )
  }
  return (
    <>
      <h1>{`Hello ${name}`}</h1>
      <ul>
        {items.map((item) => (
          <li key={item}>{item}</li>
        ))}
      </ul>
      <Form method="post">
        <input name="item" />
        <button name="do" value="add">
          Add
        </button>
      </Form>
      <Form method="post">
        <button name="do" value="log out">
          Log out
        </button>
      </Form>
    </>
  )
}
