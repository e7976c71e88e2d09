"""Why is it rough?  Go nearer, and tell kinks, jumps, noise, steps and oscillations apart."""

from __future__ import annotations

from collections.abc import Iterator

from .estimate import Estimate, Quality
from .rounding import power_of_two
from .scales import FAR, LEAST, WIDE, Scales
from .smoothness import exponent, fall, noise_like, reach, slight, step_height, symmetric
from .spectrum import ROUGH, Reading

__all__ = ["Descent"]

_CLOSER = 1 / 16  # a kink inside is most likely not as near as that
_STAYS = 1 / 10  # noise measured twice on a few coefficients differs by less, 999 times in 1000
_STEPS = 2.0**-6  # steps up to this size, relative, are rounding (bfloat16: 2**-8); larger ones are meant
_COARSE = 2.0**-16  # where all values are as short as that they were computed in low precision
_BENT = 1.2  # |t|**a with a above this is told from a kink, and has a derivative
_SMOOTH = 0.02  # a tail that falls by so much is that of a smooth series


class Descent(Scales):
    """The looks below the first scale, until what was rough there is explained."""

    power: float | None = None  # of |t|, once the tail looks the same at two scales
    sides: tuple[int, ...] = (+1, -1)  # to look at
    grown = 0  # how often the tail shrank with the interval and was not that of a kink

    def explain(self, reading: Reading) -> Iterator[Estimate]:
        """Go nearer until the tail of `reading` is explained, and yield what is seen on the way."""
        before = reading
        for step in self.descent(reading):
            if self.drowned(before, step):
                return
            nearer = self.look(step, 8)
            if nearer is None:
                continue
            if self.is_noise(before, nearer):
                return
            self.ceiling = min(self.ceiling, before.step)
            if self.bent:
                nearer = self.extrapolated(before, nearer)
            yield self.estimate(nearer, self.singular(nearer))
            if not self.rough(nearer):
                return
            before = nearer

    def descent(self, reading: Reading) -> Iterator[float]:
        """Yield the scales to look at below that of `reading`."""
        step = reading.step
        if not noise_like(reading) and not self.symmetric(reading):
            step *= _CLOSER
            if fall(reading) < _SMOOTH:  # go where the series reaches
                smooth = reach(reading, 6, reading.floor * 2, 0.5 * reading.step / self.line.scale)
                step = power_of_two(min(max(smooth, step), reading.step / 2))
            yield step
        far = self.at_most(FAR)
        for nearer in (far, far * _CLOSER, self.at_most(LEAST)):
            if nearer < step:
                step = nearer
                yield step

    def drowned(self, before: Reading, step: float) -> bool:
        """Whether a tail that falls with the interval would no longer be seen at `step`."""
        if self.power is None or self.bent:
            return False
        shrunk: float = (step / before.step) ** max(self.power, 0.0)
        return before.plateau * shrunk < 3 * ROUGH * before.floor

    # -- noise --------------------------------------------------------------------------------

    def is_noise(self, before: Reading, nearer: Reading) -> bool:
        """Whether the tail of `before` is noise, by what is left of it in `nearer`."""
        if nearer.flat:
            wide = before.stairs or not slight(before)
            wider = self.look(self.at_most(WIDE), 8) if wide else None
            self.moves_in_steps(wider or before, before)
        elif self.rough(nearer):
            self.compare_tails(before, nearer)
        elif self.hides_noise(before, nearer):
            self.noise.hear(before)
            self.read_again()
        return self.noise.heard

    def hides_noise(self, before: Reading, nearer: Reading) -> bool:
        """Whether rounding inside merely stands still on the smaller interval.

        Had the tail been that of a kink, or an oscillation that is resolved now, the slope would
        be another one: by about the error of the wider interval for a kink.
        """
        alike = abs(nearer.value - before.value) <= nearer.error + 0.4 * before.error
        return alike and noise_like(before) and not self.symmetric(before)

    def moves_in_steps(self, reading: Reading, *others: Reading) -> None:
        """Take for noise what moves in steps no larger than those of a short arithmetic.

        Where the steps have no common height (sums of such), they are told from a kink by
        being small beside what the function moves, or by the shortness of all values.
        """
        samples = self.samples(reading.step, reading.nodes)
        height, size = step_height(samples), max(map(abs, samples))
        if reading.runs > 3:
            size = max(size, reading.steepest * self.line.scale)
        if height:
            rounding = height <= _STEPS * size
        else:
            rounding = slight(reading, 2e-3) or (
                reading.runs > 3 and self.line.grain(reading.step) >= _COARSE
            )
        if rounding and not self.starts_gently(reading):
            self.stepped = True
            self.noise.hear_steps(height, reading, *others)
            self.read_again()

    def steps_are_large(self, reading: Reading) -> bool:
        """Whether the samples move in steps that are no rounding of them, yet may be of something larger."""
        samples = self.samples(reading.step, reading.nodes)
        return step_height(samples) > _STEPS * max(map(abs, samples))

    def starts_gently(self, reading: Reading) -> bool:
        """Whether the function leaves its flat stretch without a jump: as a dead unit does, no rounding.

        Halves the way to the end of the stretch until the function moves there by more than its
        slope allows; a jump of one in 1e9 is found so.
        """
        still = self.line(0.0)
        for side in self.sides:
            near, far = 0.0, side * reading.step
            if self.line(far) == still:
                continue
            for _ in range(36):
                middle = (near + far) / 2
                if self.line(middle) == still:
                    near = middle
                else:
                    far = middle
                if not abs(self.line(far) - still) <= 8 * reading.steepest * abs(far - near):
                    return False
            return True
        return False

    def compare_tails(self, before: Reading, nearer: Reading) -> None:
        """Learn whether two tails are noise, or what is singular at the point."""
        ratio, left = nearer.step / before.step, nearer.noise / before.noise
        power = exponent(before, nearer)
        if slight(nearer) and abs(self.line(0.0)) <= nearer.steepest * nearer.step:
            # Noise in proportion to a function that is zero at the point; rounding even repeats
            # with every power of two (and is not even about the point, as a kink is).
            proportional = ratio / 4 < left < 4 * ratio
            repeated = power is not None and self.repeats(power, nearer)
            self.grown += repeated or (power is None and proportional)
            if self.grown == 2:
                self.noise.hear(before, nearer, growing=True)
                self.read_again()
            if repeated:
                return
        if power is not None:
            self.power, self.bent = power, power > _BENT
        elif self.power is None and left > max(_STAYS, 1.6 * ratio) and nearer.step <= self.at_most(FAR):
            self.noise.hear(before, nearer)
            self.read_again()

    # -- what is singular at the point --------------------------------------------------------

    def symmetric(self, reading: Reading) -> bool:
        return symmetric(reading)

    def repeats(self, power: float, reading: Reading) -> bool:
        return abs(power - 1) < 0.1 and not symmetric(reading)

    def extrapolated(self, before: Reading, nearer: Reading) -> Reading:
        """Widen the error of `nearer` by what a slope that goes as |t|**(power - 1) has still to go."""
        left = (nearer.step / before.step) ** ((self.power or _BENT) - 1)
        to_go = 2 * abs(nearer.value - before.value) * left / (1 - left)
        self.readings[-1] = nearer._replace(error=max(nearer.error, to_go))
        return self.readings[-1]

    def singular(self, reading: Reading) -> Quality | None:
        """Name what is rough as |t|**power at the point, None if it is not or has a derivative."""
        if self.power is None or self.bent or not self.rough(reading) or reading.step > self.at_most(FAR):
            return None
        if abs(self.power) < 0.1:
            return Quality.JUMP
        return Quality.KINK if abs(self.power - 1) < 0.1 else Quality.ROUGH
