import i18n from 'i18next'
import { initReactI18next } from 'react-i18next'

import en from './locales/en.json'

void i18n.use(initReactI18next).init({
  resources: { en: { translation: en } },
  lng: 'en',
  fallbackLng: 'en',
  // React escapes; escaping twice would show &amp; in names.
  interpolation: { escapeValue: false },
  returnNull: false,
  showSupportNotice: false,
})

export default i18n
