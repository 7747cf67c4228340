import { defineHandler, redirect } from 'nitro/h3'

export default defineHandler(async ({ context: { session }, req }) => {
  const form = await req.formData()
  session.renew()
  session.data.user = { name: String(form.get('name')) }
  return redirect('/', 303)
})
