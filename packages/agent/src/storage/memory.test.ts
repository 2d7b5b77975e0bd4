import { describeStorage } from '../../test/describe-storage.ts'
import { memoryStorage } from './memory.ts'

describeStorage('memoryStorage', async () => memoryStorage())
