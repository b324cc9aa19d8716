import {
  Alert,
  Button,
  Center,
  Loader,
  PasswordInput,
  Stack,
  Text,
  TextInput,
  Title,
} from '@mantine/core'
import { useForm } from '@mantine/form'
import { useDocumentTitle } from '@mantine/hooks'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Navigate, useLocation } from 'react-router'

import { signIn } from '@/api/endpoints'
import { inWords } from '@/api/problem'
import { SchemeSwitch } from '@/components/SchemeSwitch'
import { homeOf, useSession, useTakeSession } from '@/session/session'

import styles from './SignInPage.module.css'
import { useLink } from './useLink'

export function Component() {
  const { t } = useTranslation()
  useDocumentTitle(t('title', { page: t('signIn.title') }))
  const session = useSession()
  const link = useLink()
  const from = (useLocation().state as { from?: string } | null)?.from

  if (link.pending) {
    return (
      <Center h="100vh">
        <Loader aria-label={t('signIn.byLink')} />
      </Center>
    )
  }
  if (session.data && !link.error) {
    const { user } = session.data
    const home = homeOf(user.role)
    const back = from !== undefined && from !== '/agent' && user.role !== 'agent' ? from : home
    return <Navigate to={user.must_change_password ? '/password' : back} replace />
  }
  return (
    <div className={styles.page}>
      <div className={styles.corner}>
        <SchemeSwitch />
      </div>
      <main className={styles.box}>
        <Stack gap="lg">
          <div className={styles.brand}>
            <img src="/favicon.svg" alt="" width={40} height={40} />
            <div>
              <Title order={1} size="h2">
                Ringmaster
              </Title>
              <Text size="sm" c="dimmed">
                {t('signIn.tagline')}
              </Text>
            </div>
          </div>
          <SignInForm linkError={link.error} />
        </Stack>
      </main>
    </div>
  )
}

function SignInForm({ linkError }: { linkError: string | null }) {
  const { t } = useTranslation()
  const takeSession = useTakeSession()
  const [error, setError] = useState<string | null>(linkError)
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { login: '', password: '' },
    validate: {
      login: (value) => (value.trim() ? null : t('signIn.loginMissing')),
      password: (value) => (value ? null : t('signIn.passwordMissing')),
    },
  })
  const submit = form.onSubmit(async ({ login, password }) => {
    form.setSubmitting(true)
    setError(null)
    try {
      takeSession(await signIn(login.trim(), password))
    } catch (problem) {
      setError(inWords(problem))
    } finally {
      form.setSubmitting(false)
    }
  })
  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        {error !== null && (
          <Alert color="red" role="alert" variant="outline">
            {error}
          </Alert>
        )}
        <TextInput
          label={t('signIn.login')}
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          data-autofocus
          key={form.key('login')}
          {...form.getInputProps('login')}
        />
        <PasswordInput
          label={t('signIn.password')}
          autoComplete="current-password"
          visibilityToggleButtonProps={{ 'aria-label': t('signIn.showPassword') }}
          key={form.key('password')}
          {...form.getInputProps('password')}
        />
        <Button type="submit" loading={form.submitting} fullWidth>
          {t('signIn.submit')}
        </Button>
      </Stack>
    </form>
  )
}
