import DistillCore
import Foundation

extension TrainingOptions {
  /// Factor on the learning rate in a step, counted from 0: rises over the warm-up, then falls to 0 at the end, as the
  /// schedules of the `transformers` library do. A function of the step alone.
  public func learningRateFactor(step: Int, of steps: Int) -> Float {
    let (step, steps) = (Double(step), Double(steps))
    let rising = Double(warmup) * steps
    if step < rising { return Float(step / rising) }
    let progress = min(1, (step - rising) / max(steps - rising, 1))
    switch learningRateSchedule {
    case .linear: return Float(1 - progress)
    case .cosine: return Float(0.5 * (1 + cos(.pi * progress)))
    case .constant: return 1
    }
  }
}
