package eventstoredb

import "time"

// Quick is a config whose waiting is short enough for tests.
func Quick(config Config) Config {
	return Impatient(config, 30*time.Second)
}

// Impatient gives up sooner, for tests of what is told then.
func Impatient(config Config, patience time.Duration) Config {
	config.times = times{call: 1500 * time.Millisecond, patience: patience, redial: 20 * time.Millisecond, watch: 300 * time.Millisecond, grace: 200 * time.Millisecond}
	return config
}

// Hasty is a config for many short runs: what stalls is given up after a third of a second.
func Hasty(config Config) Config {
	config.times = times{call: 300 * time.Millisecond, patience: 10 * time.Second, redial: 10 * time.Millisecond, watch: 100 * time.Millisecond, grace: 100 * time.Millisecond}
	return config
}
