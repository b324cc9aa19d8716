import { MantineProvider } from '@mantine/core'
import { Notifications } from '@mantine/notifications'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from 'react-router'

import { onSignedOut } from './api/client'
import { ApiError } from './api/problem'
import { router } from './routes'
import { SESSION_KEY } from './session/session'
import { theme, variables } from './theme'

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // What the server has refused it refuses again; only a lost answer is worth another try.
      retry: (failures, error) => !(error instanceof ApiError) && failures < 2,
      refetchOnWindowFocus: false,
    },
  },
})

onSignedOut(() => {
  queries.setQueryData(SESSION_KEY, null)
})

export function App() {
  return (
    <MantineProvider theme={theme} cssVariablesResolver={variables} defaultColorScheme="auto">
      <QueryClientProvider client={queries}>
        <Notifications position="bottom-right" />
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  )
}
