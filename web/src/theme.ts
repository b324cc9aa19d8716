import { createTheme, type CSSVariablesResolver, Modal, Tooltip } from '@mantine/core'

export const theme = createTheme({
  primaryColor: 'indigo',
  primaryShade: { light: 8, dark: 8 },
  fontFamily: "'Inter Variable', system-ui, sans-serif",
  headings: { fontFamily: "'Inter Variable', system-ui, sans-serif", fontWeight: '650' },
  colors: {
    // A cooler dark than Mantine's, for a wall screen in a dim room.
    dark: [
      '#e6eaef',
      '#b4bec9',
      '#8b97a5',
      '#5b6773',
      '#3a444f',
      '#2b333c',
      '#20262d',
      '#181d23',
      '#101418',
      '#0b0e11',
    ],
  },
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
  focusRing: 'auto',
  components: {
    Modal: Modal.extend({
      styles: {
        content: { background: 'var(--rm-card)' },
        header: { background: 'var(--rm-card)' },
      },
      defaultProps: { centered: true, transitionProps: { duration: 120 } },
    }),
    Tooltip: Tooltip.extend({
      defaultProps: { openDelay: 300, events: { hover: true, focus: true, touch: false } },
    }),
  },
})

// Mantine's own greys for secondary text miss 4.5 : 1; these keep it on every surface of the page.
export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-body': '#f6f7f9',
    '--mantine-color-dimmed': '#4b5563',
    '--mantine-color-placeholder': '#667085',
    '--mantine-color-error': '#c92a2a',
    '--mantine-color-anchor': '#3b4cc0',
    '--rm-card': '#ffffff',
    '--rm-line': '#dfe3e8',
    '--rm-track': '#e9ecf1',
    '--rm-talking': '#099268',
    '--rm-on_hold': '#ae3ec9',
    '--rm-wrap_up': '#1c7ed6',
    '--rm-ready': '#e8a800',
    '--rm-reserved': '#f76707',
    '--rm-connecting': '#7048e8',
    '--rm-paused': '#868e96',
    '--rm-logged_out': '#c5cbd3',
    '--rm-good': '#087f5b',
    '--rm-bad': '#c92a2a',
    '--rm-warn': '#a35200',
  },
  dark: {
    '--mantine-color-body': '#101418',
    '--mantine-color-dimmed': '#a9b4c0',
    '--mantine-color-placeholder': '#8b97a5',
    '--mantine-color-error': '#ff8787',
    '--mantine-color-anchor': '#a5b4fc',
    '--rm-card': '#181d23',
    '--rm-line': '#2b333c',
    '--rm-track': '#2a323b',
    '--rm-talking': '#20c997',
    '--rm-on_hold': '#da77f2',
    '--rm-wrap_up': '#4dabf7',
    '--rm-ready': '#fcc419',
    '--rm-reserved': '#ff922b',
    '--rm-connecting': '#9775fa',
    '--rm-paused': '#868e96',
    '--rm-logged_out': '#495057',
    '--rm-good': '#38d9a9',
    '--rm-bad': '#ff8787',
    '--rm-warn': '#ffc078',
  },
})
