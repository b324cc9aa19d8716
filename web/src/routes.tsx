import { createBrowserRouter } from 'react-router'

import { Shell } from './components/Shell'
import { Home, RequireRole } from './session/guards'

// Each page is a file of its own that is loaded when it is opened.
export const router = createBrowserRouter([
  {
    // Until the first page is here nothing is drawn: a frame would only flash.
    HydrateFallback: () => null,
    children: [
      { path: '/', Component: Home },
      { path: '/sign-in', lazy: () => import('./pages/signIn/SignInPage') },
      {
        element: <RequireRole needs="agent" />,
        children: [
          {
            Component: Shell,
            children: [
              { path: '/agent', lazy: () => import('./pages/agent/AgentPage') },
              { path: '/password', lazy: () => import('./pages/password/PasswordPage') },
              {
                element: <RequireRole needs="supervisor" />,
                children: [
                  { path: '/wallboard', lazy: () => import('./pages/wallboard/WallboardPage') },
                  { path: '/campaigns', lazy: () => import('./pages/campaigns/CampaignsPage') },
                  { path: '/campaigns/:id', lazy: () => import('./pages/campaign/CampaignPage') },
                  { path: '/agents', lazy: () => import('./pages/agents/AgentsPage') },
                ],
              },
              {
                element: <RequireRole needs="admin" />,
                children: [
                  { path: '/users', lazy: () => import('./pages/admin/UsersPage') },
                  { path: '/carriers', lazy: () => import('./pages/admin/CarriersPage') },
                  { path: '/api-keys', lazy: () => import('./pages/admin/ApiKeysPage') },
                ],
              },
              { path: '*', lazy: () => import('./pages/NotFoundPage') },
            ],
          },
        ],
      },
    ],
  },
])
