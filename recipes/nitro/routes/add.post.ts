import { defineHandler, redirect } from 'nitro/h3'

export default defineHandler(async ({ context: { session }, req }) => {
  const form = await req.formData()
  session.data.cart = { ...session.data.cart, [String(form.get('item'))]: 1 }
  return redirect('/', 303)
})
