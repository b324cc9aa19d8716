import { Button, type ButtonProps, Group, Modal, Stack, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useTranslation } from 'react-i18next'

interface Props extends ButtonProps {
  label: string
  question: string
  explanation: string
  confirmLabel: string
  onConfirm: () => void
}

/** A button for what cannot be taken back: says what will happen and asks once. */
export function ConfirmButton({
  label,
  question,
  explanation,
  confirmLabel,
  onConfirm,
  ...button
}: Props) {
  const { t } = useTranslation()
  const [opened, dialog] = useDisclosure(false)
  return (
    <>
      <Button {...button} onClick={dialog.open}>
        {label}
      </Button>
      <Modal
        opened={opened}
        onClose={dialog.close}
        title={question}
        closeButtonProps={{ 'aria-label': t('common.close') }}
      >
        <Stack>
          <Text size="sm">{explanation}</Text>
          <Group justify="flex-end">
            <Button variant="default" onClick={dialog.close}>
              {t('common.cancel')}
            </Button>
            <Button
              color="red"
              data-autofocus
              onClick={() => {
                dialog.close()
                onConfirm()
              }}
            >
              {confirmLabel}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  )
}
