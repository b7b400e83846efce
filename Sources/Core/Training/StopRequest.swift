import DistillCore
import Synchronization

/// Asks a training to stop after the step at hand. Safe to set from anywhere.
public final class StopRequest: Sendable {
  private let signal = Atomic<Int32>(0)
  public init() {}

  public func stop(signal number: Int32) { signal.store(number, ordering: .relaxed) }
  /// The signal that asked for it; nil while nobody did.
  package var requested: Int32? {
    let number = signal.load(ordering: .relaxed)
    return number == 0 ? nil : number
  }
}
