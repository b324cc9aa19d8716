import { Box, Group } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { Suspense, useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { Outlet, useLocation, useNavigate } from 'react-router'

import { includes, useSession } from '@/session/session'
import { useLiveConnection } from '@/session/useLiveConnection'

import { ConnectionState } from './ConnectionState'
import { Navigation } from './Navigation'
import { SchemeSwitch } from './SchemeSwitch'
import styles from './Shell.module.css'
import { ShortcutHelp } from './ShortcutHelp'
import { listen, useShortcuts } from './shortcuts'
import { UserMenu } from './UserMenu'

/** The frame of every page: who is signed in, where to go, whether the figures are live. */
export function Shell() {
  const { t } = useTranslation()
  const user = useSession().data?.user
  const main = useRef<HTMLElement>(null)
  const { pathname } = useLocation()
  const navigate = useNavigate()
  const [helpOpen, help] = useDisclosure(false)
  useLiveConnection(user?.id)

  useEffect(listen, [])
  const supervises = user !== undefined && includes(user.role, 'supervisor')
  const go = (keys: string, label: string, path: string) => ({
    keys,
    label,
    run: () => void navigate(path),
  })
  useShortcuts([
    { keys: '?', label: t('shortcuts.help'), run: help.open },
    ...(supervises
      ? [
          go('g w', t('shortcuts.goWallboard'), '/wallboard'),
          go('g c', t('shortcuts.goCampaigns'), '/campaigns'),
          go('g a', t('shortcuts.goAgents'), '/agents'),
        ]
      : []),
  ])
  // A new page starts at its head, also for those who do not see it.
  const opened = useRef(pathname)
  useEffect(() => {
    if (opened.current !== pathname) main.current?.focus()
    opened.current = pathname
  }, [pathname])

  if (user === undefined) return null
  return (
    <Box className={styles.frame}>
      <a className="skip-link" href="#main">
        {t('nav.skip')}
      </a>
      <header className={styles.header}>
        <Navigation role={user.role} hasDesk={user.agent_id !== null} />
        <Group gap="xs" wrap="nowrap">
          <ConnectionState />
          <SchemeSwitch />
          <UserMenu onHelp={help.open} />
        </Group>
      </header>
      <main id="main" ref={main} tabIndex={-1} className={styles.main}>
        <Suspense>
          <Outlet />
        </Suspense>
      </main>
      <ShortcutHelp opened={helpOpen} onClose={help.close} />
    </Box>
  )
}
