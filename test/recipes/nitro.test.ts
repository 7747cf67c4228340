import { testCart, testRecipe } from './checks.ts'

testRecipe('nitro', testCart)
