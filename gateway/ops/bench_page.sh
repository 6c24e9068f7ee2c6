# shellcheck shell=bash
# The part `page` of `make bench`: how soon a browser that has never been there shows the year of `make demo`'s studio on the
# dashboard. Sourced by bench.sh.

install_browser() {
  "$ops/deps.sh" page demo
  [[ -d tests/e2e/node_modules/playwright-core ]] || {
    step "Installing what drives the browser from npm"
    npm ci --prefix tests/e2e --no-audit --no-fund --loglevel=error
  }
}

page() {
  local views=10 token=cal_only_for_benchmarks_0123456789abcdef
  step "Opening the dashboard of a year"
  query postgres -c 'create database page'
  query page -c 'create extension calytics cascade'
  query page -c "select cal.rotate_secret('default', '$secret'), cal.add_token('bench', 'admin', '$token')" >/dev/null
  start_peer page "$root/build/gateway/calytics-gateway"
  CALYTICS_URL=${address[page]} CAL_WEBHOOK_SECRET=$secret CALYTICS_ADMIN_TOKEN=$token \
    node tests/demo/demo.mjs >"$work/demo" || die "the demo failed:" "$(tail -n 5 "$work/demo")"
  query page -c 'select cal.fold()' -c 'vacuum analyze' >/dev/null
  node "$sql/page.mjs" "${address[page]}" "$token" "$views" >"$work/views" || die "the page was not shown"
  row "First view of the year, median of $views" "$(median "$(<"$work/views")")" ms '' '' 'value <= 1000'
  row '  the slowest of them' "$(sort -n "$work/views" | tail -n 1)" ms '' ''
}
