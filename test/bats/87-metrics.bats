# SPDX-License-Identifier: Apache-2.0
#
# Metrics for Prometheus, and what contrib/prometheus has for it. The format's rules are held by
# test/unit/test_client_openmetrics.c.

load helpers
load control

FOLDER=$TESTS/../../contrib/prometheus

# value SAMPLE: of that metric, with its labels
value() { awk -v sample="$1" '$1 == sample { print $2 }' <<< "$output"; }

@test "metrics: they are what the instance has counted, and which version counts" {
	start_controlled --config-net -q
	ctl stats --prometheus
	local before
	before=$(value 'pasta_flows_opened_total{protocol="ping",path="tap"}')
	inside ping -c1 -W10 $R4
	ctl stats --prometheus
	assert "$(value 'pasta_flows_opened_total{protocol="ping",path="tap"}')" == $((before + 1)) "pings: $stderr"
	assert "$(value 'pasta_tap_bytes_total{direction="to_ns"}')" -ge 98 "bytes to the namespace"
	assert "$(value "pasta_build_info{program=\"pasta\",version=\"$("$PASTA" --version | cut -d' ' -f2)\"}")" == 1 "version"
	assert "$(tail -n 1 <<< "$output")" == "# EOF" "last line"
}

@test "metrics: they are for stats alone, and not JSON" {
	start_controlled --config-net -q
	refused "--prometheus is for stats alone" flows --prometheus
	refused "--prometheus is for stats alone" --prometheus
	refused "--prometheus and --json contradict each other" --json stats --prometheus
	refused "stats: 'x': nothing may follow" stats x --prometheus
}

@test "metrics: Prometheus reads them, and contrib's job" {
	start_controlled --config-net -q
	ctl stats --prometheus
	sed '/^#/!s/$/ 1700000000/' <<< "$output" > "$T/metrics" # this command wants times
	promtool tsdb create-blocks-from openmetrics "$T/metrics" "$T/blocks" > "$T/promtool" 2>&1
	assert "$(grep -vc '^#' "$T/metrics")" == "$(awk '/^BLOCK ULID/ { getline; print $(NF - 1) }' "$T/promtool")" \
		"time series: $(< "$T/promtool")"
	promtool check config --syntax-only "$FOLDER/prometheus.yml"
}

@test "metrics: contrib's script answers over HTTP, and says what is wrong when there is no instance" {
	serve host tcp 9480 env PATH="${PASTA%/*}:$PATH" \
		socat TCP-LISTEN:9480,bind=127.0.0.1,fork,reuseaddr "EXEC:$FOLDER/pasta-metrics"
	scrape
	assert "$(head -n 1 "$T/head")" contains "503 " "status without an instance"
	assert "$output" contains "no instance of yours is running" "text"
	start_controlled --config-net -q
	scrape
	assert "$(head -n 1 "$T/head")" contains "200 OK" "status"
	assert "$(grep -i '^content-type:' "$T/head")" contains \
		"$(sed -n 's/^#define OPENMETRICS_TYPE "\(.*\)"/\1/p' "$TESTS/../../clients/openmetrics.h")" "type"
	assert "$(value pasta_listening_sockets)" -ge 0 "value"
	assert "$(tail -n 1 <<< "$output")" == "# EOF" "last line"
}
scrape() { output=$(host curl -sS -D "$T/head" http://127.0.0.1:9480/metrics); }

@test "metrics: contrib's dashboard asks for metrics that there are, with labels that they have" {
	start_controlled --config-net -q
	ctl stats --prometheus
	local names labels
	jq -r '.panels[].targets[].expr' "$FOLDER/dashboard.json" > "$T/exprs"
	names=$(grep -oE 'pasta_[a-z_]+' "$T/exprs" | sort -u)
	assert "$(wc -l <<< "$names")" -ge 15 "metrics in the dashboard"
	assert "$(comm -13 <(grep -oE '^pasta_[a-z_]+' <<< "$output" | sort -u) <(echo "$names"))" == "" "metrics that there aren't"
	labels=$(grep -oE 'sum by \([a-z, ]+\)' "$T/exprs" | sed 's/sum by (//; s/[,)]//g' | tr ' ' '\n' | sort -u)
	assert "$(comm -13 <(grep -oE '[a-z]+="' <<< "$output" | tr -d '="' | sort -u) <(echo "$labels"))" == instance "labels that there aren't"
	assert "$(jq '[.panels[].id] | length == (unique | length)' "$FOLDER/dashboard.json")" == true "panels have an id each"
}

@test "metrics: contrib's job asks where its socket listens" {
	local port
	port=$(sed -n 's/^ListenStream=//p' "$FOLDER/pasta-metrics.socket")
	assert "$(< "$FOLDER/prometheus.yml")" contains "targets: ['$port']" "target"
	assert "$(< "$FOLDER/README.md")" contains "http://$port/metrics" "page"
}
