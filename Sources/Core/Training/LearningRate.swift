import DistillCore
import Foundation

extension TrainingOptions {
  /// Returns the factor on the learning rate in a step, counted from 0.
  ///
  /// The factor rises linearly over the warm-up and then follows the schedule, which except for `constant` ends at 0. It is the
  /// same as in the schedules of the `transformers` library, which round the warm-up up to whole steps. It depends on the step
  /// alone, so that a resumed training continues with the same learning rate.
  package func learningRateFactor(step: Int, of steps: Int) -> Float {
    let (step, steps) = (Double(step), Double(steps))
    // The warm-up is converted through its decimal digits. Double(Float(0.1)) is more than 0.1, so that 20 steps · 0.1 would be
    // rounded up to 3.
    let rising = ((Double("\(warmup)") ?? Double(warmup)) * steps).rounded(.up)
    if step < rising { return Float(step / rising) }
    let progress = min(1, (step - rising) / max(steps - rising, 1))
    switch learningRateSchedule {
    case .linear: return Float(1 - progress)
    case .cosine: return Float(0.5 * (1 + cos(.pi * progress)))
    case .constant: return 1
    }
  }
}
