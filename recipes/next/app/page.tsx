import { openSession } from '../session'
import { add, login, logout } from './actions'

export default async function Home() {
  const { user, cart = {} } = (await openSession()).data
  if (!user) {
    return (
      <form action={login}>
        <input name="name" />
        <button>Log in</button>
      </form>
    )
  }
  return (
    <>
      <h1>{`Hello ${user.name}`}</h1>
      <ul>
        {Object.keys(cart).map((item) => (
          <li key={item}>{item}</li>
        ))}
      </ul>
      <form action={add}>
        <input name="item" />
        <button>Add</button>
      </form>
      <form action={logout}>
        <button>Log out</button>
      </form>
    </>
  )
}
