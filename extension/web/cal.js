// What a web page loads from /cal.js: it tells /api/cal/track of page views, of services seen and chosen, and of what
// Cal.com's embed says on the way to a booking. One script tag is all that a page needs:
//
//   <script async src="https://your.domain/cal.js" data-source="default"></script>
//
// It guarantees that nothing is thrown into the page; that no cookie is set, and nothing stored but a random session id,
// for as long as the tab lives; that an event counts once, however often it is sent; that it waits in a bounded queue
// while the gateway is away; and that nothing at all happens where the browser asks not to be tracked.
//
// The server calls this function with the source's settings. The build leaves out comments, and spaces at a line's begin
// and beside signs, so no text in here may have the latter.
(function (settings) {
  "use strict";

  const STEPS = ["SERVICE_VIEW", "SERVICE_SELECT", "BOOKING_START", "BOOKING_SUBMIT", "BOOKING_COMPLETE"];
  const QUEUE_LIMIT = 300;
  const EVENT_LIMIT = 16384;
  // What browsers let a page send while it is being left.
  const KEEPALIVE_LIMIT = 60000;

  const api = {};
  const queue = [];
  const reached = {};
  const watched = new WeakMap();
  const chosen = new WeakMap();
  const early = window.calytics || {};
  const tag = document.currentScript || document.querySelector('script[src*="/cal.js"]');
  let address, session, here, timer, seen, lastTime = 0, underWay = 0, failures = 0;

  // The page comes first: what fails here is its trouble in no way. calytics.error tells those who look for it.
  const safely = (work) => function (...given) {
    try {
      return work.apply(this, given);
    } catch (error) {
      api.error = error;
    }
  };

  const listen = (target, types, work) =>
    types.split(" ").forEach((type) => target.addEventListener(type, safely(work), true));

  const uuid = () => {
    let text = "";
    crypto.getRandomValues(new Uint8Array(16)).forEach((byte, i) => {
      text += (i > 3 && i < 12 && i % 2 == 0 ? "-" : "") + (byte + 256).toString(16).slice(1);
    });
    return text;
  };

  const now = () => (lastTime = Math.max(Date.now(), lastTime + 1));

  // sentAt lets the server see how wrong this clock is.
  const bodyOf = (events) => '{"context":{"sentAt":' + now() + '},"events":[' + events + "]}";

  const wait = (pause) => {
    timer = timer || setTimeout(flush, pause);
  };

  const track = safely((type, fields) => {
    const event = JSON.stringify(Object.assign({
      sessionId: session, eventType: type, eventId: uuid(), timestamp: now(), url: location.href
    }, fields));
    if (queue.length < QUEUE_LIMIT && event.length < EVENT_LIMIT) queue.push(event);
    if (queue.length >= settings.batchSize && !failures) flush();
    else wait(settings.flushInterval);
  });

  const flush = safely(() => {
    clearTimeout(timer);
    timer = 0;
    if (underWay || !queue.length) return;
    const body = bodyOf(queue.slice(0, (underWay = Math.min(queue.length, settings.batchSize))));
    fetch(address, { method: "POST", body, credentials: "omit", keepalive: body.length < KEEPALIVE_LIMIT })
      // An answer that nobody reads counts against what may be under way.
      .then((answer) => answer.text().then(() => answer.status))
      .catch(() => 0)
      .then(safely((status) => {
        if (status < 1 || status > 499 || status == 429 || status == 408) {
          underWay = 0;
          // Then it waits for the next event, for the network, or for the visitor to leave.
          if (failures++ < settings.maxRetries) {
            wait((settings.flushInterval / 10) * 2 ** failures * (0.5 + Math.random() / 2));
          }
        } else {
          queue.splice(0, underWay);
          underWay = failures = 0;
          if (queue.length) wait(queue.length < settings.batchSize ? settings.flushInterval : 0);
        }
      }));
  });

  // By beacons, also what is under way: an event is known by its id. They tell nothing of how they fared, so what was sent
  // while all was not well stays in the queue, in case that the visitor comes back.
  const leave = () => {
    let sent = 0;
    while (sent < queue.length && navigator.sendBeacon(address, bodyOf(queue.slice(sent, sent + settings.batchSize)))) {
      sent += settings.batchSize;
    }
    if (!failures && !underWay) queue.splice(0, sent);
  };

  // A step implies those before it, which the page may have had no way to show.
  const reach = (step, serviceId, more) => {
    for (let i = reached[serviceId] || 0; i <= step; i++) {
      track(STEPS[i], Object.assign({ serviceId }, i == step && more));
      reached[serviceId] = (i + 1) % 5;
    }
  };

  const view = safely(() => {
    if (here == (here = location.pathname + location.search)) return;
    const from = document.referrer;
    // What led from page to page here is no source of visits.
    track("PAGE_VIEW", { referrer: from && new URL(from).host != location.host ? from : undefined });
  });

  // The service of a link at Cal.com, such as zoe/consultation; lists of services, forms and old bookings have none.
  const serviceOf = (link) => {
    const way = link.split("?")[0].split("/").filter((part) => part && part != "embed");
    return way.length > (way[0] == "team" ? 2 : 1) && !/^(forms|router|booking|reschedule)$/.test(way[0])
      ? way.pop() : undefined;
  };

  const heard = (type, data, frame) => {
    const kind = data.eventType;
    if (kind) chosen.set(frame, kind.slug);
    const service = chosen.get(frame) || serviceOf(new URL(frame.src).pathname);
    const step = { linkReady: 0, eventTypeSelected: 1, navigatedToBooker: 2, bookingSuccessfulV2: 4 }[type];
    if (service ? step >= 0 : step == 4) {
      reach(step, service, { bookingUid: data.uid, calEventTypeId: kind ? kind.id : data.eventTypeId || undefined });
      if (step == 4) flush();
    } else if (type == "__closeIframe" && reached[service] == 3) {
      track("BOOKING_ABANDON", { serviceId: service });
      reached[service] = 0;
    }
  };

  // Cal.com's script takes its orders from queues, before and after it is loaded. Into each that opens a calendar goes the
  // session, which the webhook then brings back in the booking's metadata.
  const lead = (cal) => {
    const orders = cal && cal.q;
    if (!orders || watched.has(orders)) return;
    let push = orders.push;
    const order = safely(([name, what]) => {
      if (name == "initNamespace") lead(cal.ns[what]);
      else if (/^(inline|modal|floatingButton)$/.test(name)) {
        what.config = Object.assign({ "metadata[calyticsSession]": session }, what.config);
      }
    });
    watched.set(orders, 1);
    orders.forEach(order);
    Object.values(cal.ns || {}).forEach(lead);
    Object.defineProperty(orders, "push", {
      configurable: true,
      get: () => function (given) {
        order(given);
        return push.call(orders, given);
      },
      set: (other) => {
        push = other;
      }
    });
  };

  const scan = safely(() => {
    document.querySelectorAll("[data-calytics-service]").forEach((element) => {
      const service = element.dataset.calyticsService;
      if (watched.get(element) == service) return;
      watched.set(element, service);
      seen.unobserve(element);
      seen.observe(element);
    });
    if (settings.passSession) lead(window.Cal);
  });

  const start = () => {
    try {
      session = sessionStorage.calytics || uuid();
      sessionStorage.calytics = session;
    } catch (error) {
      // Without it, a session is a page.
      session = session || uuid();
    }
    view();
    (early.q || []).forEach((call) => track(...call));
    seen = new IntersectionObserver(safely((entries) => entries.forEach(({ isIntersecting, target }) => {
      if (!isIntersecting) return;
      seen.unobserve(target);
      reach(0, target.dataset.calyticsService);
    })));
    scan();
    safely(() => {
      const { pushState } = history;
      history.pushState = function (...given) {
        pushState.apply(this, given);
        view();
      };
    })();
    new MutationObserver(scan).observe(document, {
      childList: true, subtree: true, attributes: true, attributeFilter: ["data-calytics-service"]
    });
    listen(window, "popstate", view);
    listen(window, "online", flush);
    listen(window, "pagehide", leave);
    listen(document, "visibilitychange", () => document.hidden && leave());
    listen(window, "pageshow", ({ persisted }) => {
      if (persisted) here = 0, view();
    });
    listen(document, "click submit", ({ type, target }) => {
      const element = target.closest("[data-calytics-event],[data-cal-link]");
      if (!element || (element.tagName == "FORM") != (type == "submit")) return;
      const { calyticsEvent, calLink } = element.dataset;
      const about = element.closest("[data-calytics-service]");
      const service = about ? about.dataset.calyticsService : calLink && serviceOf(calLink);
      const step = calyticsEvent ? STEPS.indexOf(calyticsEvent) : 1;
      if (step < 0) track(calyticsEvent, { serviceId: service });
      else if (service) reach(step, service);
    });
    listen(window, "message", ({ data, source }) => {
      if (!data || data.originator != "CAL") return;
      document.querySelectorAll('iframe[name^="cal-embed="]').forEach((frame) => {
        // One that is loaded ahead of its time hasn't been seen yet.
        if (frame.contentWindow != source || frame.closest('[state="prerendering"]')) return;
        heard(data.type, data.data || {}, frame);
      });
    });
  };

  safely(() => {
    if (early.flush) return;
    const refused = settings.honourSignals
      && (navigator.globalPrivacyControl || navigator.doNotTrack == 1 || window.doNotTrack == 1);
    Object.keys(settings).forEach((name) => {
      const own = tag.dataset[name];
      if (own) settings[name] = typeof settings[name] == "number" ? +own || settings[name] : own;
    });
    address = new URL("api/cal/track/" + settings.source, tag.src).href;
    api.flush = flush;
    api.track = refused ? () => {} : track;
    window.calytics = api;
    if (refused) return;
    if (document.prerendering) listen(document, "prerenderingchange", start);
    else start();
  })();
})
