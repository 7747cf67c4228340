import { redirect } from '@sveltejs/kit'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = ({ locals }) => {
  const { user, cart = {} } = locals.session.data
  return { name: user?.name, items: Object.keys(cart) }
}

export const actions: Actions = {
  async login({ locals: { session }, request }) {
    const form = await request.formData()
    session.renew()
    session.data.user = { name: String(form.get('name')) }
    redirect(303, '/')
  },
  async add({ locals: { session }, request }) {
    const form = await request.formData()
    session.data.cart = { ...session.data.cart, [String(form.get('item'))]: 1 }
    redirect(303, '/')
  },
  logout({ locals: { session } }) {
    session.destroy()
    redirect(303, '/')
  },
}
