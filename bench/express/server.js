'use strict';
// The rival: what a team would write by hand, tuned. The secret is parsed once into a key object, documents
// leave PostgreSQL as text and are never parsed here, no ETag is computed, every statement is prepared.
const { once } = require('node:events');
const { createSecretKey, randomBytes, timingSafeEqual } = require('node:crypto');
const express = require('express');
const jwt = require('jsonwebtoken');
const { Pool } = require('pg');
const { WebSocketServer } = require('ws');

const { PORT, PROJECT, ORGANISATION, API_TOKEN, SDK_KEY } = process.env;
const key = createSecretKey(Buffer.from(process.env.JWT_SECRET));
const pool = new Pool({ max: 16 });

const lookup = {
  name: 'lookup',
  text: 'SELECT doc::text AS doc FROM sessions WHERE project = $1 AND user_id = $2',
};

const identify = {
  name: 'identify',
  text: `INSERT INTO sessions (project, user_id, doc) VALUES ($1, $2, $3::jsonb || $4::jsonb)
         ON CONFLICT (project, user_id) DO UPDATE SET doc = sessions.doc || $4::jsonb`,
};

// Stores the events and brings the counters of their session up to date, in one statement and one commit.
const track = {
  name: 'track',
  text: `WITH batch AS (
           SELECT name, date, data FROM jsonb_to_recordset($3::jsonb) AS event (name text, date text, data jsonb)
         ), kept AS (
           INSERT INTO events (project, user_id, name, date, data)
           SELECT $1, $2, name, date::timestamptz, data FROM batch
         ), tally AS (
           SELECT name, count(*) AS added, min(date) AS first, max(date) AS last FROM batch GROUP BY name
         )
         UPDATE sessions SET doc = doc || jsonb_build_object(
           'lastActivity', $4::text,
           'eventData', coalesce(doc->'eventData', '{}') || (
             SELECT jsonb_object_agg(name, jsonb_build_object(
               'count', coalesce((doc->'eventData'->name->>'count')::int, 0) + added,
               'firstAt', coalesce(doc->'eventData'->name->>'firstAt', first),
               'lastAt', last))
             FROM tally))
         WHERE project = $1 AND user_id = $2`,
};

// The same for visitors of pages, who are known by a credential. The guest's row becomes the user's.
const start = {
  name: 'start',
  text: 'INSERT INTO visitors (project, gleap_id, gleap_hash, doc) VALUES ($1, $2, $3, $4::jsonb)',
};
const become = {
  name: 'become',
  text: `UPDATE visitors SET user_id = $4, doc = doc || $5::jsonb WHERE project = $1 AND gleap_id = $2 AND gleap_hash = $3
         RETURNING doc::text AS doc`,
};
const visit = {
  name: 'visit',
  text: `WITH batch AS (
           SELECT name, date, data FROM jsonb_to_recordset($4::jsonb) AS event (name text, date text, data jsonb)
         ), owner AS (
           SELECT gleap_id FROM visitors WHERE project = $1 AND gleap_id = $2 AND gleap_hash = $3
         ), kept AS (
           INSERT INTO events (project, user_id, name, date, data)
           SELECT $1, owner.gleap_id, name, date::timestamptz, data FROM batch, owner
         ), tally AS (
           SELECT name, count(*) AS added, min(date) AS first, max(date) AS last FROM batch GROUP BY name
         )
         UPDATE visitors SET doc = doc || jsonb_build_object(
           'lastActivity', $5::text,
           'eventData', coalesce(doc->'eventData', '{}') || (
             SELECT jsonb_object_agg(name, jsonb_build_object(
               'count', coalesce((doc->'eventData'->name->>'count')::int, 0) + added,
               'firstAt', coalesce(doc->'eventData'->name->>'firstAt', first),
               'lastAt', last))
             FROM tally))
         WHERE project = $1 AND gleap_id = $2 AND gleap_hash = $3`,
};
const visitor = {
  name: 'visitor',
  text: 'SELECT doc::text AS doc FROM visitors WHERE project = $1 AND user_id = $2',
};
const knows = {
  name: 'knows',
  text: 'SELECT gleap_hash FROM visitors WHERE project = $1 AND gleap_id = $2',
};

// Lists, searches and exports, with the indexes that harness/peers.py builds.
const byActivity = {
  name: 'byActivity',
  text: `SELECT doc::text AS doc FROM sessions WHERE project = $1 AND doc->>'lastActivity' <= $2
         ORDER BY doc->>'lastActivity' DESC LIMIT $3`,
};
const bySeats = {
  name: 'bySeats',
  text: `SELECT doc::text AS doc FROM sessions WHERE project = $1 AND doc->'customData'->'seats' = $2::jsonb LIMIT $3`,
};
const byRole = {
  name: 'byRole',
  text: `SELECT doc::text AS doc FROM sessions WHERE project = $1 AND doc->'customData'->>'role' = $2 LIMIT $3`,
};
const words = ['name', 'email', 'phone', 'userId', 'companyName'].map((field) => `coalesce(doc->>'${field}', '')`);
const search = {
  name: 'search',
  text: `SELECT doc::text AS doc FROM sessions WHERE project = $1
         AND to_tsvector('simple', ${words.join(" || ' ' || ")}) @@ to_tsquery('simple', $2)
         ORDER BY (doc->>'userId' = $3 OR doc->>'email' = $3) DESC, doc->>'createdAt' DESC LIMIT 30`,
};
const exportPage = {
  name: 'exportPage',
  text: `SELECT user_id, doc::text AS doc FROM sessions WHERE project = $1 AND user_id > $2 ORDER BY user_id LIMIT 500`,
};

const sendJson = (response, text) => {
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  response.end(text);
};

const member = (request, response, next) => {
  const [scheme, token] = (request.headers.authorization ?? '').split(' ');
  try {
    if (scheme !== 'Bearer') throw new Error('no bearer token');
    const claims = jwt.verify(token, key, { algorithms: ['HS256'] });
    if (claims.project !== request.headers.project) return response.status(403).json({ error: 'Forbidden' });
  } catch {
    return response.status(401).json({ error: 'Unauthorized' });
  }
  next();
};

const ingest = (request, response, next) => {
  if (request.headers['api-token'] === API_TOKEN) return next();
  response.status(401).json({ error: 'Unauthorized' });
};

const app = express();
app.disable('etag');
app.disable('x-powered-by');

app.get('/v3/sessions/by-user-id/:userId', member, async (request, response) => {
  const { rows } = await pool.query({ ...lookup, values: [PROJECT, request.params.userId] });
  if (rows.length === 0) return response.status(404).json({ error: 'Not Found' });
  sendJson(response, rows[0].doc);
});

app.get('/v3/sessions', member, async (request, response) => {
  const { 'lastActivity<': before, 'customData.seats': seats, 'customData.role': role, limit } = request.query;
  const [statement, value] = before ? [byActivity, before] : seats ? [bySeats, seats] : [byRole, role];
  const { rows } = await pool.query({ ...statement, values: [PROJECT, value, Number(limit)] });
  sendJson(response, `[${rows.map((row) => row.doc).join(',')}]`);
});

app.get('/v3/sessions/search', member, async (request, response) => {
  const term = request.query.searchTerm;
  const beginnings = term.split(/\s+/).map((word) => `'${word.replaceAll(/['\\]/g, ' ')}':*`);
  const { rows } = await pool.query({ ...search, values: [PROJECT, beginnings.join(' & '), term] });
  sendJson(response, `[${rows.map((row) => row.doc).join(',')}]`);
});

app.get('/v3/sessions/export', member, async (request, response) => {
  response.setHeader('Content-Type', 'application/x-ndjson');
  let after = '';
  for (;;) {
    const { rows } = await pool.query({ ...exportPage, values: [PROJECT, after] });
    if (rows.length === 0) return response.end();
    after = rows.at(-1).user_id;
    const text = rows.map((row) => `${row.doc}\n`).join('');
    if (!response.write(text)) await once(response, 'drain');
  }
});

app.post('/admin/identify', ingest, express.json(), async (request, response) => {
  const { userId } = request.body;
  if (typeof userId !== 'string' || userId === '') return response.status(422).json({ error: 'userId' });
  const now = new Date().toISOString();
  const id = randomBytes(12).toString('hex');
  const created = { _id: id, id, project: PROJECT, organisation: ORGANISATION, createdAt: now };
  const given = { ...request.body, lastActivity: now, updatedAt: now };
  const values = [PROJECT, userId, JSON.stringify(created), JSON.stringify(given)];
  await pool.query({ ...identify, values });
  sendJson(response, '{"ok":true}');
});

app.post('/admin/track', ingest, express.json(), async (request, response) => {
  const { events } = request.body;
  if (!Array.isArray(events) || events.length === 0) return response.status(422).json({ error: 'events' });
  const now = new Date().toISOString();
  const byUser = new Map();
  for (const event of events) {
    if (!byUser.has(event.userId)) byUser.set(event.userId, []);
    byUser.get(event.userId).push(event);
  }
  for (const [userId, batch] of byUser) {
    await pool.query({ ...track, values: [PROJECT, userId, JSON.stringify(batch), now] });
  }
  sendJson(response, '{"ok":true}');
});

const client = (request, response, next) => {
  response.setHeader('Access-Control-Allow-Origin', '*');
  if (request.headers['api-token'] === SDK_KEY) return next();
  response.status(401).json({ error: 'Unauthorized' });
};

app.post('/sessions', client, express.json(), async (request, response) => {
  const now = new Date().toISOString();
  const gleapId = randomBytes(12).toString('hex');
  const gleapHash = randomBytes(20).toString('hex');
  const session = { gleapId, gleapHash, createdAt: now, ...request.body };
  await pool.query({ ...start, values: [PROJECT, gleapId, gleapHash, JSON.stringify(session)] });
  response.json(session);
});

app.post('/sessions/identify', client, express.json(), async (request, response) => {
  const { 'gleap-id': gleapId, 'gleap-hash': gleapHash } = request.headers;
  const values = [PROJECT, gleapId, gleapHash, request.body.userId, JSON.stringify(request.body)];
  const { rows } = await pool.query({ ...become, values });
  if (rows.length === 0) return response.status(401).json({ error: 'Unauthorized' });
  sendJson(response, rows[0].doc);
});

app.post('/sessions/events', client, express.json(), async (request, response) => {
  const { 'gleap-id': gleapId, 'gleap-hash': gleapHash } = request.headers;
  const now = new Date().toISOString();
  await pool.query({ ...visit, values: [PROJECT, gleapId, gleapHash, JSON.stringify(request.body.events), now] });
  sendJson(response, '{"a":[],"u":0}');
});

app.get('/visitors/:userId', member, async (request, response) => {
  const { rows } = await pool.query({ ...visitor, values: [PROJECT, request.params.userId] });
  if (rows.length === 0) return response.status(404).json({ error: 'Not Found' });
  sendJson(response, rows[0].doc);
});

const server = app.listen(Number(PORT), '127.0.0.1');

const sockets = new WebSocketServer({ noServer: true });
server.on('upgrade', async (request, socket, head) => {
  const query = new URL(request.url, 'http://localhost').searchParams;
  const { rows } = await pool.query({ ...knows, values: [PROJECT, query.get('gleapId')] });
  const given = Buffer.from(query.get('gleapHash') ?? '');
  const known = Buffer.from(rows[0]?.gleap_hash ?? '');
  if (known.length === 0 || known.length !== given.length || !timingSafeEqual(known, given)) return socket.destroy();
  sockets.handleUpgrade(request, socket, head, (opened) => opened.on('message', () => {}));
});
