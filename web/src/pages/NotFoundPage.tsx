import { Anchor, Stack, Title } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

export function Component() {
  const { t } = useTranslation()
  return (
    <Stack align="center" mt="xl">
      <Title order={1} size="h3">
        {t('notFound.title')}
      </Title>
      <Anchor component={Link} to="/">
        {t('notFound.home')}
      </Anchor>
    </Stack>
  )
}
