import '@mantine/dropzone/styles.css'

import { Alert, Button, Stack, Text } from '@mantine/core'
import { Dropzone } from '@mantine/dropzone'
import { IconFileSpreadsheet } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'

import { previewImport, startImport } from '@/api/endpoints'
import { inWords } from '@/api/problem'
import type { ImportOptions, Preview } from '@/api/types'
import { Card } from '@/components/Card'

import { ImportMapping } from './ImportMapping'
import { ImportProgress } from './ImportProgress'

type Step =
  | { name: 'choose' }
  | { name: 'map'; file: File; preview: Preview }
  | { name: 'follow'; importId: string }

/** A file into the campaign: drop it, say what its columns are, follow it, see what was refused. */
export function ImportCard({ campaignId }: { campaignId: string }) {
  const { t } = useTranslation()
  const [step, setStep] = useState<Step>({ name: 'choose' })
  const preview = useMutation({
    mutationFn: (file: File) => previewImport(campaignId, file),
    onSuccess: (found, file) => setStep({ name: 'map', file, preview: found }),
  })
  const send = useMutation({
    mutationFn: ({ file, options }: { file: File; options: ImportOptions }) =>
      startImport(campaignId, file, options),
    onSuccess: ({ id }) => setStep({ name: 'follow', importId: id }),
  })
  const again = () => {
    preview.reset()
    send.reset()
    setStep({ name: 'choose' })
  }
  const error = preview.error ?? send.error
  return (
    <Card title={t('import.title')}>
      <Stack gap="sm">
        {error && (
          <Alert color="red" variant="outline" role="alert">
            {inWords(error)}
          </Alert>
        )}
        {step.name === 'choose' && (
          <Choose loading={preview.isPending} onFile={(file) => preview.mutate(file)} />
        )}
        {step.name === 'map' && (
          <ImportMapping
            fileName={step.file.name}
            preview={step.preview}
            sending={send.isPending}
            onCancel={again}
            onSend={(options) => send.mutate({ file: step.file, options })}
          />
        )}
        {step.name === 'follow' && (
          <ImportProgress importId={step.importId} campaignId={campaignId} onAgain={again} />
        )}
      </Stack>
    </Card>
  )
}

function Choose({ loading, onFile }: { loading: boolean; onFile: (file: File) => void }) {
  const { t } = useTranslation()
  const open = useRef<() => void>(null)
  return (
    <>
      <Dropzone
        openRef={open}
        loading={loading}
        multiple={false}
        activateOnKeyboard={false}
        tabIndex={-1}
        onDrop={([file]) => file && onFile(file)}
        inputProps={{ 'aria-label': t('import.choose') }}
      >
        <Stack align="center" gap={6} py="md" style={{ pointerEvents: 'none' }}>
          <IconFileSpreadsheet size={36} stroke={1.4} aria-hidden />
          <Text fw={600}>{t('import.drop')}</Text>
          <Text size="sm" c="dimmed" ta="center">
            {t('import.hint')}
          </Text>
        </Stack>
      </Dropzone>
      <Button variant="default" loading={loading} onClick={() => open.current?.()}>
        {t('import.choose')}
      </Button>
    </>
  )
}
