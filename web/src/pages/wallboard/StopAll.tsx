import { IconHandStop } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'

import { stopAll } from '@/api/endpoints'
import { ConfirmButton } from '@/components/ConfirmButton'
import { tell, tellError } from '@/components/tell'

export function StopAll() {
  const { t } = useTranslation()
  const stop = useMutation({
    mutationFn: stopAll,
    onSuccess: ({ commands }) => {
      const refused = commands.find(({ status }) => status === 'refused')
      if (refused) tellError(new Error(refused.detail))
      else tell(t('stopAll.done'))
    },
    onError: tellError,
  })
  return (
    <ConfirmButton
      color="red"
      size="sm"
      leftSection={<IconHandStop size={16} />}
      loading={stop.isPending}
      label={t('stopAll.label')}
      question={t('stopAll.question')}
      explanation={t('stopAll.explanation')}
      confirmLabel={t('stopAll.confirm')}
      onConfirm={() => stop.mutate()}
    />
  )
}
