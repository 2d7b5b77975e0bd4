import { mountAuthRoutes } from '@countersign/server/next'
import { auth } from '../../../../auth.ts'

export const GET = (request: Request) => mountAuthRoutes(auth()).GET(request)
export const POST = GET
