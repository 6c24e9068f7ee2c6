// Why: what the gateway and the extension are held against: a server as the integration guide of the
// older product describes it, with tRPC and Prisma. Guarantees: a webhook is answered once its raw body
// and its booking are committed, an event once it is (the guide's queue in memory would lose events).
// Figures are counted by the database, not fetched row by row, which is kinder than most code is.
//
//   PORT=... WEBHOOK_SECRET=... PGHOST=... PGDATABASE=... node trpc_prisma.mjs

import http from "node:http";
import { PrismaPg } from "@prisma/adapter-pg";
import { initTRPC } from "@trpc/server";
import { nodeHTTPRequestHandler } from "@trpc/server/adapters/node-http";
import { z } from "zod";
import client from "./node_modules/.prisma-client/index.js";
import { bookingOf, isSigned } from "./signed.mjs";

const { PORT, WEBHOOK_SECRET, PGHOST, PGPORT, PGUSER, PGDATABASE } = process.env;
const prisma = new client.PrismaClient({
  adapter: new PrismaPg({ host: PGHOST, port: Number(PGPORT), user: PGUSER, database: PGDATABASE, max: 10 }),
});
const t = initTRPC.context().create();

const trackEvent = t.procedure
  .input(
    z.object({
      sessionId: z.string().min(1).max(200),
      eventType: z.string().regex(/^[A-Z_]+$/),
      serviceId: z.string().optional(),
      properties: z.record(z.string(), z.unknown()).optional(),
      duration: z.number().int().optional(),
    }),
  )
  .mutation(async ({ input, ctx }) => {
    await prisma.calAnalyticsEvent.create({
      data: { ...input, ipAddress: ctx.ipAddress, userAgent: ctx.userAgent },
    });
    return { accepted: 1 };
  });

const getDashboardMetrics = t.procedure
  .input(z.object({ period: z.enum(["day", "week", "month", "quarter", "year"]) }))
  .query(async ({ input }) => {
    const now = new Date();
    const days = { day: 1, week: 7, month: 30, quarter: 91, year: 365 }[input.period];
    const startsAt = { gte: new Date(now - days * 86_400_000), lt: now };
    const occurredAt = startsAt;
    const [byStatus, byService, byEvent, bySession, months] = await Promise.all([
      prisma.calBooking.groupBy({ by: ["status"], where: { startsAt }, _count: true, _sum: { price: true } }),
      prisma.calBooking.groupBy({ by: ["service"], where: { startsAt }, _count: true, _sum: { price: true } }),
      prisma.calAnalyticsEvent.groupBy({ by: ["eventType"], where: { occurredAt }, _count: true }),
      prisma.$queryRaw`select count(distinct "sessionId")::int as sessions from "CalAnalyticsEvent"
                        where "occurredAt" >= ${occurredAt.gte} and "occurredAt" < ${now}`,
      prisma.$queryRaw`select date_trunc('month', "startsAt") as month, count(*)::int as bookings
                         from "CalBooking" where "startsAt" >= ${startsAt.gte} and "startsAt" < ${now} group by 1 order by 1`,
    ]);
    return { byStatus, byService, byEvent, sessions: bySession[0].sessions, months };
  });

const router = t.router({ calAnalytics: t.router({ trackEvent, getDashboardMetrics }) });

async function webhook(request, body) {
  const signature = request.headers["x-cal-signature-256"];
  if (!isSigned(body, signature, WEBHOOK_SECRET)) return 401;
  const booking = bookingOf(JSON.parse(body));
  const archived = prisma.calDelivery.create({ data: { signature, body }, select: { id: true } });
  if (booking) {
    const { uid, ...rest } = booking;
    const applied = prisma.calBooking.upsert({
      where: { uid },
      create: booking,
      update: rest,
      select: { uid: true },
    });
    await prisma.$transaction([archived, applied]);
  } else {
    await archived;
  }
  return 200;
}

function receive(request, response) {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", async () => {
    const status = await webhook(request, Buffer.concat(parts)).catch((error) => {
      console.error(error);
      return 500;
    });
    response.writeHead(status, { "content-length": 0 }).end();
  });
}

const server = http.createServer((req, res) => {
  if (req.method === "POST" && req.url === "/api/cal/webhook") {
    receive(req, res);
  } else if (req.url.startsWith("/api/trpc/")) {
    const path = new URL(req.url, "http://localhost").pathname.slice("/api/trpc/".length);
    const createContext = () => ({
      ipAddress: req.headers["x-forwarded-for"] ?? req.socket.remoteAddress,
      userAgent: req.headers["user-agent"],
    });
    nodeHTTPRequestHandler({ router, createContext, req, res, path });
  } else {
    res.writeHead(404, { "content-length": 0 }).end();
  }
});
server.listen(Number(PORT), "127.0.0.1");
