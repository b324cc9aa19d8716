import { Button, Textarea } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

import { dispose } from '@/api/endpoints'
import { Card } from '@/components/Card'
import { useShortcuts } from '@/components/shortcuts'
import { useCommand } from '@/components/useCommand'

import styles from './Agent.module.css'
import { dispositionText } from './words'

/** One key says how the call ended. */
export function DispositionPanel({ attemptId, words }: { attemptId: string; words: string[] }) {
  const { t } = useTranslation()
  const [text, setText] = useState('')
  const say = useCommand(
    (word: string) => dispose('me', attemptId, word, text.trim()),
    (word) => t('disposition.done', { word: dispositionText(t, word) }),
  )
  const given = say.isSuccess ? say.variables : null
  useShortcuts(
    words.slice(0, 9).map((word, index) => ({
      keys: String(index + 1),
      label: dispositionText(t, word),
      run: () => !say.isPending && say.mutate(word),
    })),
  )
  return (
    <Card title={t('disposition.title')}>
      <Textarea
        label={t('disposition.note')}
        autosize
        minRows={2}
        maxRows={6}
        maxLength={4000}
        mb="md"
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <div className={styles.words}>
        {words.map((word, index) => (
          <Button
            key={word}
            size="md"
            variant={given === word ? 'filled' : 'default'}
            aria-pressed={given === word}
            loading={say.isPending && say.variables === word}
            leftSection={index < 9 ? <kbd aria-hidden>{index + 1}</kbd> : null}
            onClick={() => say.mutate(word)}
          >
            {dispositionText(t, word)}
          </Button>
        ))}
      </div>
    </Card>
  )
}
