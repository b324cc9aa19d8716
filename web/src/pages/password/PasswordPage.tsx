import { Alert, Button, PasswordInput, Stack, Text, Title } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useDocumentTitle } from '@mantine/hooks'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'

import { changePassword, getSession } from '@/api/endpoints'
import { inWords } from '@/api/problem'
import { tell } from '@/components/tell'
import { homeOf, useSession, useTakeSession } from '@/session/session'

const SHORTEST = 10

export function Component() {
  const { t } = useTranslation()
  useDocumentTitle(t('title', { page: t('password.title') }))
  const user = useSession().data?.user
  const takeSession = useTakeSession()
  const navigate = useNavigate()
  const [error, setError] = useState<string | null>(null)
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { current: '', wanted: '', again: '' },
    validate: {
      wanted: (value) =>
        value.length >= SHORTEST ? null : t('password.tooShort', { count: SHORTEST }),
      again: (value, { wanted }) => (value === wanted ? null : t('password.differ')),
    },
  })
  if (user === undefined) return null
  const submit = form.onSubmit(async ({ current, wanted }) => {
    form.setSubmitting(true)
    setError(null)
    try {
      await changePassword(current, wanted)
      takeSession(await getSession())
      tell(t('password.changed'))
      await navigate(homeOf(user.role))
    } catch (problem) {
      setError(inWords(problem))
    } finally {
      form.setSubmitting(false)
    }
  })
  const field = (name: 'current' | 'wanted' | 'again', complete: string) => (
    <PasswordInput
      label={t(`password.${name}`)}
      autoComplete={complete}
      visibilityToggleButtonProps={{ 'aria-label': t('signIn.showPassword') }}
      key={form.key(name)}
      {...form.getInputProps(name)}
    />
  )
  return (
    <Stack maw={420} w="100%" mx="auto" mt="xl">
      <Title order={1} size="h3">
        {t('password.title')}
      </Title>
      {user.must_change_password && <Text>{t('password.must')}</Text>}
      <form onSubmit={submit} noValidate className="card">
        <Stack>
          {error !== null && (
            <Alert color="red" role="alert" variant="outline">
              {error}
            </Alert>
          )}
          {field('current', 'current-password')}
          {field('wanted', 'new-password')}
          {field('again', 'new-password')}
          <Button type="submit" loading={form.submitting}>
            {t('password.submit')}
          </Button>
        </Stack>
      </form>
    </Stack>
  )
}
