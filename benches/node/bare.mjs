// Express alone: what the two others are compared with.
import express from 'express'

const app = express()

app.get('/page', (request, response) => {
  response.send('Hello, Jane Doe')
})

app.listen(Number(process.env.PORT), '127.0.0.1')
