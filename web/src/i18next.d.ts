import type en from './locales/en.json'

// Keys are checked by the compiler: a text that is missing from en.json does not build.
declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'translation'
    resources: { translation: typeof en }
  }
}
