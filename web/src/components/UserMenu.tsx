import { Button, Menu } from '@mantine/core'
import { IconChevronDown, IconKey, IconKeyboard, IconLogout } from '@tabler/icons-react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'

import { signOut } from '@/api/endpoints'
import { useSession, useTakeSession } from '@/session/session'

import { tellError } from './tell'

export function UserMenu({ onHelp }: { onHelp: () => void }) {
  const { t } = useTranslation()
  const session = useSession().data
  const takeSession = useTakeSession()
  const navigate = useNavigate()
  if (!session) return null
  const leave = async () => {
    try {
      await signOut()
      takeSession(null)
      await navigate('/sign-in')
    } catch (error) {
      tellError(error)
    }
  }
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <Button variant="subtle" color="gray" px="xs" rightSection={<IconChevronDown size={14} />}>
          <bdi className="clip" style={{ maxWidth: 160 }}>
            {session.user.display_name}
          </bdi>
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {t(`role.${session.user.role}`)} · <bdi>{session.tenant.name}</bdi>
        </Menu.Label>
        <Menu.Item leftSection={<IconKeyboard size={16} />} onClick={onHelp}>
          {t('shortcuts.title')}
        </Menu.Item>
        <Menu.Item leftSection={<IconKey size={16} />} onClick={() => void navigate('/password')}>
          {t('nav.password')}
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => void leave()}>
          {t('nav.signOut')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
