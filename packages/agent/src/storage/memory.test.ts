import { describeStorage } from '../testing/describe-storage.ts'
import { memoryStorage } from './memory.ts'

describeStorage('memoryStorage', async () => memoryStorage())
