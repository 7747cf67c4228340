import { Outlet, Scripts } from 'react-router'
import { sessionMiddleware } from './session.server'

export const middleware = [sessionMiddleware]

export default function Root() {
  return (
    <html lang="en">
      <head>
        <title>Cart</title>
      </head>
      <body>
        <Outlet />
        <Scripts />
      </body>
    </html>
  )
}
