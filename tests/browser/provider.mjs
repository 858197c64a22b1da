// A sign-in provider on loopback: reads the address of Enrol from standard input, then one JSON line for each change of
// a person, and says `ready` after each. The first line it writes is its own address.
import { createServer } from 'node:http'
import { createInterface } from 'node:readline'
import Provider from 'oidc-provider'

const people = {
  grace: { oid: 'o-grace', tid: 'council', name: 'Grace Clerk', roles: ['Enrol.Clerk'], centres: ['OAK'] },
  noah: { oid: 'o-noah', tid: 'council', name: 'Noah Nobody', roles: [], centres: ['OAK'] },
}

const start = (issuer, enrol) => {
  const provider = new Provider(issuer, {
    clients: [{
      client_id: 'enrol',
      client_secret: 'a secret of these tests',
      redirect_uris: [`${enrol}/sign-in/return`],
      post_logout_redirect_uris: [`${enrol}/sign-in`],
      grant_types: ['authorization_code'],
      response_types: ['code'],
    }],
    claims: { openid: ['sub', 'oid', 'tid', 'roles', 'centres'], profile: ['name'] },
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    features: { devInteractions: { enabled: true } },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
    // Nobody is asked what Enrol may know: it is the organisation's own.
    async loadExistingGrant({ oidc }) {
      const grant = new provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId })
      grant.addOIDCScope('openid profile')
      await grant.save()
      return grant
    },
  })
  return provider.callback()
}

let answer = (_, response) => response.writeHead(503).end()
const server = createServer((request, response) => answer(request, response))
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`
  console.log(issuer)
  let begun = false
  const lines = createInterface({ input: process.stdin })
  lines.on('line', (line) => {
    if (begun) Object.assign(people[JSON.parse(line).person], JSON.parse(line).claims)
    else answer = start(issuer, line)
    begun = true
    console.log('ready')
  })
  lines.on('close', () => process.exit(0))
})
