import DistillTraining
import Dispatch
import Foundation

/// Handles SIGINT and SIGTERM: the first signal requests a stop after the current step, so that a checkpoint is saved, and the
/// second one ends the program at once.
final class Signals {
  let stop = StopRequest()
  private let sources: [any DispatchSourceSignal]

  init() {
    let stop = stop
    sources = [SIGINT, SIGTERM].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler {
        if stop.requested != nil { exit(128 + number) }
        stop.stop(signal: number)
        Console.error("\nstopping after this step; once more to stop at once")
      }
      source.resume()
      return source
    }
  }
}
