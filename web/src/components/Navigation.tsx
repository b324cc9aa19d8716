import { useTranslation } from 'react-i18next'
import { NavLink } from 'react-router'

import type { Role } from '@/api/types'
import { includes } from '@/session/session'

import styles from './Shell.module.css'

export function Navigation({ role, hasDesk }: { role: Role; hasDesk: boolean }) {
  const { t } = useTranslation()
  const supervises = includes(role, 'supervisor')
  const links = [
    ...(supervises
      ? [
          { to: '/wallboard', label: t('nav.wallboard') },
          { to: '/campaigns', label: t('nav.campaigns') },
          { to: '/agents', label: t('nav.agents') },
        ]
      : []),
    ...(hasDesk || !supervises ? [{ to: '/agent', label: t('nav.myCalls') }] : []),
    ...(role === 'admin'
      ? [
          { to: '/carriers', label: t('nav.carriers') },
          { to: '/users', label: t('nav.users') },
          { to: '/api-keys', label: t('nav.apiKeys') },
        ]
      : []),
  ]
  return (
    <nav className={styles.nav} aria-label={t('nav.label')}>
      <div className={styles.brand}>
        <img src="/favicon.svg" alt="" width={24} height={24} />
        <span>Ringmaster</span>
      </div>
      {links.map(({ to, label }) => (
        <NavLink key={to} to={to} className={styles.link ?? ''}>
          {label}
        </NavLink>
      ))}
    </nav>
  )
}
