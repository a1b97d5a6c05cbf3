// The published client manages companies.
import assert from "node:assert/strict";
import { test } from "node:test";
import { GleapAdmin } from "gleap-admin";

import { Server } from "./lib/server.js";

test("a company of gleap-admin is made, changed, read and deleted", { timeout: 60_000 }, async (test) => {
  const { server, keys } = await Server.withProject(test);
  const client = new GleapAdmin();
  test.after(() => client.stop());
  client.initialize(keys.apiToken, { apiUrl: server.url });

  const given = {
    name: "Example Ltd Ünï",
    plan: "pro",
    domain: "example.com",
    value: 1200.5,
    sla: 2,
    address: { line1: "Main street 1", city: "Vienna", postalCode: "1010", country: "AT" },
    customData: { seats: 30, trial: false },
  };
  const made = await client.updateCompany("acme/1 a", given);
  assert.deepEqual({ ...made, createdAt: 0, updatedAt: 0 }, { companyId: "acme/1 a", ...given, createdAt: 0, updatedAt: 0 });
  assert.deepEqual(await client.getCompany("acme/1 a"), made);

  const changed = await client.updateCompany("acme/1 a", { plan: "team" });
  assert.equal(changed.plan, "team");
  assert.equal(changed.name, given.name);

  assert.equal(await client.deleteCompany("acme/1 a"), true);
  assert.equal(await client.getCompany("acme/1 a"), null);
  await server.stop();
  await server.assertHealthy();
});
