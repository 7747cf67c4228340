import type { NextConfig } from 'next'

export default { serverExternalPackages: ['vitrine'] } satisfies NextConfig
