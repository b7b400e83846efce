import DistillCore
import Synchronization

/// A request to stop a training after the current step. It can be set from any thread and from a signal handler.
public final class StopRequest: Sendable {
  private let signal = Atomic<Int32>(0)
  public init() {}

  /// Requests a stop.
  ///
  /// - Parameter number: The number of the signal that caused it, which becomes part of the error. It must not be 0.
  public func stop(signal number: Int32) { signal.store(number, ordering: .relaxed) }
  /// The signal that caused the request, or `nil` if there is no request.
  package var requested: Int32? {
    let number = signal.load(ordering: .relaxed)
    return number == 0 ? nil : number
  }
}
