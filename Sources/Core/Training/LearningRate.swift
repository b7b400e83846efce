import DistillCore
import Foundation

extension TrainingOptions {
  /// Factor on the learning rate in a step, counted from 0: rises over the warm-up, then falls to 0 at the end, as the
  /// schedules of the `transformers` library do, which round the warm-up up to whole steps. A function of the step alone.
  package func learningRateFactor(step: Int, of steps: Int) -> Float {
    let (step, steps) = (Double(step), Double(steps))
    // Through the decimal that the file says: Double(Float(0.1)) is more than 0.1, and would round 20 · 0.1 up to 3.
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
