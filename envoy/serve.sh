#!/bin/bash
# Runs Envoy as the first process of a container: told to stop, it accepts nothing new, and lets requests that are in flight end
# before Envoy does. Envoy itself cuts them. Takes Envoy's arguments.
#
#   SLUICE_DRAIN_SECONDS   how long they may take, 5; `docker stop` kills after 10
#   SLUICE_ADMIN_PORT      the `--admin-port` of the build, 9901; without one nothing is waited for
#
# Bash alone, since the official image has neither curl nor wget.

drain_seconds=${SLUICE_DRAIN_SECONDS:-5}
admin_port=${SLUICE_ADMIN_PORT:-9901}

# METHOD PATH, on a connection that is open as fd 3: it outlives the listener, which is drained like the others.
ask() {
  answer=()
  printf '%s %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n' "$1" "$2" >&3 || return 1
  local line
  while IFS= read -r -t 2 -u 3 line; do
    # Bodies come in chunks, and one of no bytes ends them.
    if [[ $line == $'0\r' ]]; then
      read -r -t 2 -u 3 line
      return 0
    fi
    answer+=("${line%$'\r'}")
  done
  return 1
}

# Requests, and connections that are no HTTP, as compiler/run/envoy/drain.ts counts them.
count_in_flight() {
  ask GET '/stats?filter=downstream_.*_active' || return 1
  local line value requests=0 connections=0
  for line in "${answer[@]}"; do
    value=${line##*: }
    case ${line%: *} in
      *.worker_* | *.main_thread.*) ;;
      listener.*.downstream_cx_active) ((connections += value)) ;;
      http.*.downstream_cx_active) ((connections -= value)) ;;
      http.admin.* | http.sluice_admin.* | http.sluice_ready.*) ;;
      http.*.downstream_rq_active) ((requests += value)) ;;
    esac
  done
  in_flight=$((requests + (connections > 0 ? connections : 0)))
}

drain() {
  { exec 3<>"/dev/tcp/127.0.0.1/$admin_port"; } 2>/dev/null || return
  # From here on every response closes its connection, and then nothing new is accepted.
  ask POST /healthcheck/fail && ask POST /drain_listeners || return
  local end=$((SECONDS + drain_seconds)) quiet=0
  while ((SECONDS < end && quiet < 2)); do
    count_in_flight || return
    ((quiet = in_flight == 0 ? quiet + 1 : 0))
    # A pause: nothing comes that was not asked for.
    read -r -t 0.1 -u 3
  done
}

told=0
trap 'told=1' TERM INT
envoy "$@" &
envoy=$!
wait "$envoy"
status=$?
if ((told)); then
  # A second signal waits no longer.
  trap 'kill -TERM "$envoy" 2>/dev/null' TERM INT
  ((drain_seconds > 0)) && drain
  kill -TERM "$envoy" 2>/dev/null
  wait "$envoy"
  status=$?
fi
exit "$status"
