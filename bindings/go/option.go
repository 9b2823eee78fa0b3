package meshvitals

import "time"

// Option sets a field of a [CheckConfig], so that a check reads in one line:
//
//	monitor.Register(meshvitals.CheckConfig{Name: "db", Probe: probe},
//		meshvitals.WithInterval(2*time.Second), meshvitals.WithTags("readiness"))
type Option func(*CheckConfig)

// WithInterval sets the time between the starts of two runs.
func WithInterval(interval time.Duration) Option {
	return func(c *CheckConfig) { c.Interval = interval }
}

// WithTimeout sets the time from the start of a run to its deadline, everything included.
func WithTimeout(timeout time.Duration) Option {
	return func(c *CheckConfig) { c.Timeout = timeout }
}

// WithConfirmInterval sets the time between runs while in doubt.
func WithConfirmInterval(interval time.Duration) Option {
	return func(c *CheckConfig) { c.ConfirmInterval = interval }
}

// WithInitialDelay sets the time before the first run.
func WithInitialDelay(delay time.Duration) Option {
	return func(c *CheckConfig) { c.InitialDelay = &delay }
}

// WithJitter sets the share of the interval by which each round moves, to both sides.
func WithJitter(share float64) Option {
	return func(c *CheckConfig) { c.Jitter = &share }
}

// WithThresholds sets how many failures in a row make UNHEALTHY, and how many passes end that.
func WithThresholds(failures, successes int) Option {
	return func(c *CheckConfig) { c.FailureThreshold, c.SuccessThreshold = failures, successes }
}

// WithFirstResult sets what the first result may decide: "pass", "any" or "none".
func WithFirstResult(decides string) Option {
	return func(c *CheckConfig) { c.FirstResultDecides = decides }
}

// WithStartGrace sets how long a check that never had a status does not become UNHEALTHY.
func WithStartGrace(grace time.Duration) Option {
	return func(c *CheckConfig) { c.StartGrace = grace }
}

// WithCritical sets whether groups become UNHEALTHY with the check.
func WithCritical(critical bool) Option {
	return func(c *CheckConfig) { c.Critical = &critical }
}

// WithRole sets what the check may become: "gate" everything, "inform" nothing worse than DEGRADED.
func WithRole(role string) Option {
	return func(c *CheckConfig) { c.Role = role }
}

// WithTags adds the check to groups.
func WithTags(tags ...string) Option {
	return func(c *CheckConfig) { c.Tags = append(c.Tags[:len(c.Tags):len(c.Tags)], tags...) }
}

// WithDependsOn adds checks without which this one cannot work.
func WithDependsOn(names ...string) Option {
	return func(c *CheckConfig) {
		c.DependsOn = append(c.DependsOn[:len(c.DependsOn):len(c.DependsOn)], names...)
	}
}

// WithCookie sets a number that the events of the check carry.
func WithCookie(cookie uint64) Option {
	return func(c *CheckConfig) { c.Cookie = cookie }
}
