'use server'

import { redirect } from 'next/navigation'
import { changeSession } from '../session'

export async function login(form: FormData) {
  await changeSession((session) => {
    session.renew()
    session.data.user = { name: String(form.get('name')) }
  })
  redirect('/')
}

export async function add(form: FormData) {
  await changeSession((session) => {
    session.data.cart = { ...session.data.cart, [String(form.get('item'))]: 1 }
  })
  redirect('/')
}

export async function logout() {
  await changeSession((session) => session.destroy())
  redirect('/')
}
