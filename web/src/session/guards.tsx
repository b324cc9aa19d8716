import { Button, Center, Loader, Stack, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { Navigate, Outlet, useLocation } from 'react-router'

import { inWords } from '@/api/problem'
import type { Role } from '@/api/types'

import { homeOf, includes, useSession } from './session'

/** Shows the pages below to people of this role and those above it, and others their own way. */
export function RequireRole({ needs }: { needs: Role }) {
  const { t } = useTranslation()
  const session = useSession()
  const { pathname } = useLocation()
  if (session.isPending) {
    return (
      <Center h="100vh">
        <Loader aria-label={t('common.loading')} />
      </Center>
    )
  }
  if (session.isError) {
    return (
      <Center h="100vh">
        <Stack align="center" role="alert">
          <Text>{inWords(session.error)}</Text>
          <Button onClick={() => void session.refetch()}>{t('common.tryAgain')}</Button>
        </Stack>
      </Center>
    )
  }
  if (session.data === null) return <Navigate to="/sign-in" state={{ from: pathname }} replace />
  const { user } = session.data
  if (user.must_change_password && pathname !== '/password')
    return <Navigate to="/password" replace />
  if (!includes(user.role, needs)) return <Navigate to={homeOf(user.role)} replace />
  return <Outlet />
}

export function Home() {
  const session = useSession()
  if (session.isPending) return null
  return <Navigate to={session.data ? homeOf(session.data.user.role) : '/sign-in'} replace />
}
