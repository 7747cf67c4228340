import { changeSession } from '../../../session'

export async function POST(request: Request) {
  const { item } = await request.json()
  return changeSession((session) => {
    session.data.cart = { ...session.data.cart, [String(item)]: 1 }
    return Response.json(session.data.cart, { status: 201 })
  })
}
